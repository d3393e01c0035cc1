using Berth.Containers.Cgroups;
using Berth.Containers.Namespaces;
using Berth.Containers.Processes;
using Berth.Containers.Spec;
using Berth.Linux;
using Berth.Linux.Launch;
using static Berth.Linux.Libc;

namespace Berth.Containers.Lifecycle;

/// <summary>Further processes in a running container.</summary>
public static partial class ContainerRuntime
{
    private const ulong JoinedByExec = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP;

    /// <summary>Starts a process in a running container: same namespaces, cgroup and filter. Managed code never enters the container, and
    /// what the container can see of the new process shares no memory with this one and has no more rights than its own processes.</summary>
    /// <exception cref="ContainerStartException">It could not be started, or the container has ended.</exception>
    public static StartedProcess Exec(ExecConfig config, ProcessStdio stdio)
    {
        try
        {
            ProtectMemory();
            using FileDescriptor root = ContainerFilesystem.OpenRunningRoot(config.ContainerPid, config.ContainerPidFd);
            ulong namespaces = JoinedByExec | Differing(config.ContainerPid, "user", CLONE_NEWUSER) | Differing(config.ContainerPid, "time", CLONE_NEWTIME);
            using CgroupEntry? cgroup = config.Cgroup?.OpenEntry();
            return ThrowAwayThread.Run(() => Create(config, root, namespaces, cgroup, stdio)).WithStartTime();
        }
        catch (LinuxException e)
        {
            throw ContainerStartException.Because(e.Message, e.Call, e.Errno, e);
        }
    }

    private static StartedProcess Create(ExecConfig config, FileDescriptor root, ulong namespaces, CgroupEntry? cgroup, ProcessStdio stdio)
    {
        ProcessSpec process = config.Process;
        Identity identity = UserLookup.Resolve(root, config.User, process.User, config.GroupAdd);
        using (FileDescriptor? cwd = PathWalker.TryOpenInRoot(root, process.Cwd, O_PATH | O_DIRECTORY, out Errno errno))
        {
            if (cwd is null) throw new ContainerStartException($"chdir to cwd (\"{process.Cwd}\") failed: {errno.Describe()}", 126, "chdir", errno);
        }
        IReadOnlyList<string> environment = WithHome(process.Env, identity);
        string executable = ExecutableLookup.Find(root, process.Args[0], environment, process.Cwd);
        IdMap? map = (namespaces & CLONE_NEWUSER) == 0 ? null : IdMap.Of(config.ContainerPid);
        using Streams streams = Streams.Open(process, stdio, process.Terminal ? ContainerTerminal.Open(root) : null);
        streams.GiveTo(map?.HostUid(identity.Uid) ?? identity.Uid);

        using ApartLauncher launcher = new();
        ChildPlan first = new(), rest = new(launcher.Opening);
        ProcessPlan.Enter(first, cgroup?.TaskFiles ?? [], process);
        rest.Add("join the container's namespaces", SystemCall.setns, config.ContainerPidFd, namespaces);
        IReadOnlyList<RlimitSpec> limits = Limits(process, map is null, out List<string> warnings);
        ProcessPlan.Become(rest, apart: true, process, identity, streams.Plan, FilterCache.Get(config.Seccomp, out uint filterFlags), filterFlags, executable, process.Args, environment, limits, []);
        return Started(launcher.Launch(first.Calls, rest.Calls, calls => Launcher.Launch(calls, 0, cgroup?.Directory)), process.Args[0], streams, warnings);
    }

    // Joining the user namespace one is in already is an error; a kernel without time namespaces has none to join.
    private static ulong Differing(int pid, string name, ulong flag) =>
        TryStatAt(null, $"/proc/{pid}/ns/{name}", out statx theirs, followLinks: true) == Errno.None && TryStatAt(null, $"/proc/self/ns/{name}", out statx own, followLinks: true) == Errno.None
            && theirs.stx_ino != own.stx_ino ? flag : 0;
}
