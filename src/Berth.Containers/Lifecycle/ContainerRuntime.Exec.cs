using Berth.Containers.Cgroups;
using Berth.Containers.Processes;
using Berth.Containers.Spec;
using Berth.Linux;
using Berth.Linux.Launch;
using static Berth.Linux.Libc;

namespace Berth.Containers.Lifecycle;

/// <summary>Further processes in a running container.</summary>
public static partial class ContainerRuntime
{
    private const ulong JoinedByExec = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP;

    /// <summary>Starts a process in a running container: same namespaces, cgroup and filter. Managed code never enters the container; the
    /// pid namespace is entered by the clone itself.</summary>
    /// <exception cref="ContainerStartException">It could not be started, or the container has ended.</exception>
    public static StartedProcess Exec(ExecConfig config, ProcessStdio stdio)
    {
        try
        {
            ProtectMemory();
            using FileDescriptor root = ContainerFilesystem.OpenRunningRoot(config.ContainerPid, config.ContainerPidFd);
            ulong namespaces = JoinedByExec | (SharesUserNamespace(config.ContainerPid) ? 0 : CLONE_NEWUSER);
            using CgroupEntry? cgroup = config.Cgroup?.OpenEntry();
            return ThrowAwayThread.Run(() => Create(config, root, namespaces, cgroup, stdio));
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
        using Streams streams = Streams.Open(process, stdio, process.Terminal ? ContainerTerminal.Open(root) : null);
        EnterNamespace(config.ContainerPidFd, CLONE_NEWPID, "pid namespace of the container");

        ChildPlan plan = new();
        ProcessPlan.Enter(plan, cgroup?.TaskFiles ?? [], process);
        plan.Add("join the container's namespaces", SystemCall.setns, config.ContainerPidFd, namespaces);
        IReadOnlyList<RlimitSpec> limits = Limits(process, out List<string> warnings);
        ProcessPlan.Become(plan, process, identity, streams.Plan, FilterCache.Get(config.Seccomp, out uint filterFlags), filterFlags, executable, process.Args, environment, limits);
        return Launch(plan, 0, cgroup, process.Args[0], streams, warnings);
    }

    private static bool SharesUserNamespace(int pid) =>
        StatAt(null, $"/proc/{pid}/ns/user", followLinks: true).stx_ino == StatAt(null, "/proc/self/ns/user", followLinks: true).stx_ino;
}
