using Berth.Containers.Cgroups;
using Berth.Containers.Namespaces;
using Berth.Containers.Processes;
using Berth.Containers.Rootfs;
using Berth.Containers.Security;
using Berth.Containers.Spec;
using Berth.Linux;
using Berth.Linux.Launch;
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
            ProtectMemory();
            using NamespaceSet namespaces = NamespaceSet.Open(linux.Namespaces);
            if (namespaces.IsOwn(CLONE_NEWUSER)) throw ContainerStartException.Because("user namespaces are not supported yet", "namespaces");
            List<MountOptions> options = [.. config.Spec.Mounts.Select(MountOptions.Parse)];
            using PreparedBinds binds = new(config.Spec.Mounts, options);
            using CgroupEntry? cgroup = config.Cgroup?.OpenEntry();
            return ThrowAwayThread.Run(() => Create(config, process, linux, namespaces, options, binds, cgroup, stdio)).WithStartTime();
        }
        catch (LinuxException e)
        {
            throw ContainerStartException.Because(e.Message, e.Call, e.Errno, e);
        }
    }

    private static StartedProcess Create(ContainerConfig config, ProcessSpec process, LinuxSpec linux, NamespaceSet namespaces,
        List<MountOptions> options, PreparedBinds binds, CgroupEntry? cgroup, ProcessStdio stdio)
    {
        ulong created = namespaces.Created;
        foreach ((ulong flag, FileDescriptor descriptor) in namespaces.Joined)
        {
            if (flag != CLONE_NEWCGROUP && flag != CLONE_NEWNS) EnterNamespace(descriptor, flag, "namespace to join");
        }
        Unshare(CLONE_NEWNS | (created & (ThreadNamespaces | CLONE_NEWTIME)));
        SetUmask(0); // this thread's own since unshare; modes below are meant as written
        NamespaceSetup.Configure(config.Spec, created);
        using RootfsBuilder rootfs = new(config.Spec, options, binds, config.Cgroup, namespaces.IsOwn(CLONE_NEWCGROUP));
        rootfs.Build(config.Rootfs);

        Identity identity = UserLookup.Resolve(rootfs.Root, config.User, process.User, config.GroupAdd);
        using (MountTarget.Directory(rootfs.Root, process.Cwd)) { }
        IReadOnlyList<string> environment = WithHome(process.Env, identity);
        string executable = ExecutableLookup.Find(rootfs.Root, process.Args[0], environment, process.Cwd);
        using Streams streams = Streams.Open(process, stdio, process.Terminal ? rootfs.OpenConsole(bind: true) : null);
        IReadOnlyList<string> arguments = process.Args;
        if (config.Init)
        {
            arguments = [RootfsBuilder.InitPath, executable, .. arguments];
            executable = rootfs.PlaceInit();
        }
        rootfs.Seal();

        ChildPlan plan = new();
        ProcessPlan.Enter(plan, cgroup?.TaskFiles ?? [], process);
        foreach ((ulong flag, FileDescriptor descriptor) in namespaces.Joined)
        {
            if (flag == CLONE_NEWCGROUP) plan.Add("join the cgroup namespace", SystemCall.setns, descriptor, flag);
        }
        // Its root is the cgroup of the caller, so only now, when the process stands in the container's cgroup.
        if ((created & CLONE_NEWCGROUP) != 0) plan.Add("new cgroup namespace", SystemCall.unshare, CLONE_NEWCGROUP);
        rootfs.AddChildCalls(plan);
        IReadOnlyList<RlimitSpec> limits = Limits(process, out List<string> warnings);
        ProcessPlan.Become(plan, apart: false, process, identity, streams.Plan, FilterCache.Get(linux.Seccomp, out uint filterFlags), filterFlags, executable, arguments, environment, limits);
        return Started(Launcher.Launch(plan.Calls, created & CLONE_NEWPID, cgroup?.Directory), process.Args[0], streams, warnings);
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

    private static List<RlimitSpec> Limits(ProcessSpec process, out List<string> warnings)
    {
        warnings = [];
        List<RlimitSpec> result = [];
        bool mayRaise = (EffectiveCapabilities() & (1UL << CAP_SYS_RESOURCE)) != 0;
        foreach (RlimitSpec wanted in process.Rlimits)
        {
            if (!Rlimits.TryGetResource(wanted.Type, out int resource)) continue;
            result.Add(Rlimits.Clamp(wanted, GetLimit(resource).rlim_max, mayRaise, out string? warning));
            if (warning is not null) warnings.Add(warning);
        }
        return result;
    }
}
