using Berth.Containers.Cgroups;
using Berth.Containers.Interfaces;
using Berth.Containers.Namespaces;
using Berth.Containers.Processes;
using Berth.Containers.Rootfs;
using Berth.Containers.Security;
using Berth.Containers.Spec;
using Berth.Linux;
using Berth.Linux.Launch;
using Berth.Linux.Routing;
using static Berth.Linux.Libc;

namespace Berth.Containers.Lifecycle;

/// <summary>Creates containers, and processes in them. Both calls return when the program runs: its execve has succeeded.</summary>
/// <remarks>
/// <para>1. On the caller's thread: everything is validated and every host path opened.</para>
/// <para>2. On a throw-away thread: new mount, uts, ipc and net namespaces; the file tree is built in managed code. The thread's root stays
/// the host's, so no code is ever loaded from an image.</para>
/// <para>3. In the child, a prepared list of system calls: /proc, pivot_root, terminal, limits, credentials, filter, execve.</para>
/// </remarks>
public static partial class ContainerRuntime
{
    private const ulong ThreadNamespaces = CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET;

    /// <summary>Creates a container and starts its first process.</summary>
    /// <exception cref="ContainerStartException">It could not be started; nothing is left of it.</exception>
    public static StartedProcess Start(ContainerConfig config, ProcessStdio stdio)
    {
        ProcessSpec process = config.Spec.Process ?? throw ContainerStartException.Because("process: is missing", "check");
        LinuxSpec linux = config.Spec.Linux ?? new LinuxSpec();
        try
        {
            if (config.BeforePivot is not null && linux.Namespaces.Any(static n => n.Type == NamespaceType.Pid && !string.IsNullOrEmpty(n.Path)))
                throw ContainerStartException.Because("linux.namespaces: the process of a container that joins a pid namespace cannot wait before its root changes", "check");
            ProtectMemory();
            using NamespaceSet namespaces = NamespaceSet.Open(linux.Namespaces);
            List<MountOptions> options = [.. config.Spec.Mounts.Select(MountOptions.Parse)];
            using PreparedBinds binds = new(config.Spec.Mounts, options);
            using CgroupEntry? cgroup = config.Cgroup?.OpenEntry();
            // Opened here, in the host's network namespace.
            using RouteSocket? hostNetwork = config.Interfaces.Count > 0 && namespaces.IsOwn(CLONE_NEWNET) ? RouteSocket.Open() : null;
            using TapWiring taps = TapWiring.Open(config.Taps);
            return ThrowAwayThread.Run(caller =>
            {
                Creation creation = new(config, process, linux, namespaces, options, binds, cgroup, stdio, hostNetwork, taps.Taps, caller);
                return namespaces.IsOwn(CLONE_NEWUSER) ? CreateMapped(creation) : Create(creation);
            }).WithStartTime();
        }
        catch (LinuxException e)
        {
            throw ContainerStartException.Because(e.Message, e.Call, e.Errno, e);
        }
    }

    private sealed record Creation(ContainerConfig Config, ProcessSpec Process, LinuxSpec Linux, NamespaceSet Namespaces,
        List<MountOptions> Options, PreparedBinds Binds, CgroupEntry? Cgroup, ProcessStdio Stdio, RouteSocket? HostNetwork, IReadOnlyList<FileDescriptor> Taps, CallerTurn Caller);

    private static StartedProcess Create(Creation creation)
    {
        (ContainerConfig config, ProcessSpec process, _, NamespaceSet namespaces, List<MountOptions> options, PreparedBinds binds, CgroupEntry? cgroup, _, RouteSocket? hostNetwork, _, _) = creation;
        ulong created = namespaces.Created;
        // A thread whose children get another time namespace can start no thread, and a child that waits needs one.
        ulong onThread = config.BeforePivot is null ? ThreadNamespaces | CLONE_NEWTIME : ThreadNamespaces;
        Join(namespaces);
        if (namespaces.Find(CLONE_NEWTIME) is not null)
            throw ContainerStartException.Because("linux.namespaces: a time namespace cannot be joined by a first process", "namespaces");
        using FileDescriptor? proc = SharedProc(config.Spec, options, namespaces);
        Unshare(CLONE_NEWNS | (created & onThread));
        SetUmask(0); // this thread's own since unshare; modes below are meant as written
        NamespaceSetup.Configure(config, hostNetwork, created & onThread, $"{ThreadId}"); // a thread has its number in /proc too, where only whole processes are listed
        NamespaceSetup.SetParameters(config.Spec, ipc: false);
        NamespaceSetup.SetParameters(config.Spec, ipc: true);
        using FileDescriptor root = DetachedMount.Root(config.Rootfs);
        using RootfsBuilder rootfs = new(config.Spec, options, binds, config.Cgroup, namespaces.IsOwn(CLONE_NEWCGROUP), null);
        rootfs.Build(root, config.Rootfs);
        if (config.BeforePivot is not null) return FinishStaged(creation, rootfs, created);

        FileDescriptor? joined = namespaces.Find(CLONE_NEWPID);
        using ApartLauncher? apart = joined is null ? null : new ApartLauncher();
        ChildPlan first = new(), plan = apart is null ? first : new ChildPlan(apart.Opening);
        ProcessPlan.Enter(first, cgroup?.TaskFiles ?? [], process);
        if (joined is not null) plan.Add("join the pid namespace", SystemCall.setns, joined, CLONE_NEWPID);
        using Streams streams = Populate(plan, creation, rootfs, null, proc is null ? default(ChildArgument?) : proc, joined is not null, out List<string> warnings);
        LaunchResult result = apart is null
            ? Launcher.Launch(plan.Calls, created & CLONE_NEWPID, cgroup?.Directory)
            : apart.Launch(first.Calls, plan.Calls, calls => Launcher.Launch(calls, 0, cgroup?.Directory));
        return Started(result, process.Args[0], streams, warnings);
    }

    // The pid namespace is left to the process, which others could trace there; the mount namespace is made in any case.
    private static void Join(NamespaceSet namespaces)
    {
        foreach ((ulong flag, FileDescriptor descriptor) in namespaces.Joined)
        {
            if (flag is CLONE_NEWNET or CLONE_NEWIPC or CLONE_NEWUTS) EnterNamespace(descriptor, flag, "namespace to join");
        }
    }

    private static FileDescriptor? SharedProc(RuntimeSpec spec, List<MountOptions> options, NamespaceSet namespaces)
    {
        int index = spec.Mounts.ToList().FindIndex(static m => m.Type == "proc");
        return index >= 0 && namespaces.Find(CLONE_NEWPID) is { } pid
            ? ProcMount.Of(pid, spec.Linux!.Namespaces.First(static n => n.Type == NamespaceType.Pid).Path!, options[index].Set)
            : null;
    }

    // What remains once the tree stands: who the process is, what it runs, its streams, and the calls up to execve.
    private static Streams Populate(ChildPlan plan, Creation creation, RootfsBuilder rootfs, IdMap? map, ChildArgument? proc, bool apart, out List<string> warnings)
    {
        (ContainerConfig config, ProcessSpec process, LinuxSpec linux, NamespaceSet namespaces, _, _, _, ProcessStdio stdio, _, IReadOnlyList<FileDescriptor> taps, _) = creation;
        Identity identity = UserLookup.Resolve(rootfs.Root, config.User, process.User, config.GroupAdd);
        using (MountTarget.Directory(rootfs.Root, process.Cwd)) { }
        IReadOnlyList<string> environment = WithHome(process.Env, identity);
        string executable = ExecutableLookup.Find(rootfs.Root, process.Args[0], environment, process.Cwd);
        Streams streams = Streams.Open(process, stdio, process.Terminal ? rootfs.OpenConsole(bind: true) : null);
        try
        {
            streams.GiveTo(map?.HostUid(identity.Uid) ?? identity.Uid);
            IReadOnlyList<string> arguments = process.Args;
            if (config.Init)
            {
                arguments = [RootfsBuilder.InitPath, executable, .. arguments];
                executable = rootfs.PlaceInit();
            }
            rootfs.Seal();
            if (namespaces.Find(CLONE_NEWCGROUP) is { } joined) plan.Add("join the cgroup namespace", SystemCall.setns, joined, CLONE_NEWCGROUP);
            // Its root is the cgroup of the caller, so only now, when the process stands in the container's cgroup.
            if ((namespaces.Created & CLONE_NEWCGROUP) != 0) plan.Add("new cgroup namespace", SystemCall.unshare, CLONE_NEWCGROUP);
            rootfs.AddChildCalls(plan, proc);
            IReadOnlyList<RlimitSpec> limits = Limits(process, map is null, out warnings);
            StartGate? gate = config.Gate is null ? null : streams.Keep(new StartGate(config.Gate, 3 + taps.Count, executable, arguments, environment));
            ProcessPlan.Become(plan, apart, process, identity, streams.Plan, FilterCache.Get(linux.Seccomp, out uint filterFlags), filterFlags, executable, arguments, environment, limits, taps, gate);
            return streams;
        }
        catch
        {
            streams.Dispose();
            throw;
        }
    }

    private static StartedProcess Started(LaunchResult result, string program, Streams streams, List<string> warnings)
    {
        if (result.PidFd is not null)
            return new StartedProcess(result.Pid, result.PidFd, streams.TakeMaster(), warnings);
        throw result.FailedStep == "execve"
            ? ExecutableLookup.Refused(program, result.Errno)
            : ContainerStartException.Because($"{result.FailedStep}: {result.Errno.Describe()}", result.FailedStep!, result.Errno);
    }

    // A child shares this process's memory until execve. Non-dumpable, it cannot be traced nor read by what runs in the container
    // it enters (CVE-2016-9962); root of the host still can.
    private static void ProtectMemory()
    {
        if (Dumpable) Dumpable = false;
    }

    private static IReadOnlyList<string> WithHome(IReadOnlyList<string> environment, Identity identity) =>
        environment.Any(static v => v.StartsWith("HOME=", StringComparison.Ordinal)) ? environment : [.. environment, $"HOME={identity.Home ?? "/"}"];

    private static List<RlimitSpec> Limits(ProcessSpec process, bool hostRights, out List<string> warnings)
    {
        warnings = [];
        List<RlimitSpec> result = [];
        bool mayRaise = hostRights && (EffectiveCapabilities() & (1UL << CAP_SYS_RESOURCE)) != 0;
        foreach (RlimitSpec wanted in process.Rlimits)
        {
            if (!Rlimits.TryGetResource(wanted.Type, out int resource)) continue;
            result.Add(Rlimits.Clamp(wanted, GetLimit(resource).rlim_max, mayRaise, out string? warning));
            if (warning is not null) warnings.Add(warning);
        }
        return result;
    }
}
