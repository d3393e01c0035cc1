using Berth.Containers.Lifecycle;
using Berth.Containers.Spec;
using Berth.Linux;
using Berth.Oci.Hooks;
using Berth.Oci.State;

namespace Berth.Oci.Commands;

/// <summary><c>start</c>: [OCI-RT] runtime.md, Start.</summary>
internal static class StartCommand
{
    public static int Run(Session session, IReadOnlyList<string> words)
    {
        Start(session, session.Store.Get(Arguments.Parse(words, [], []).Id("start")));
        return 0;
    }

    /// <summary>Lets the waiting process become its program.</summary>
    public static void Start(Session session, StoredContainer container)
    {
        using FileLock turn = container.Lock();
        ContainerStatus status = container.Status(session.Cgroups);
        if (status != ContainerStatus.Created) throw new OciException($"container {container.Id} is {status.ToString().ToLowerInvariant()}: only a created one can be started");
        using FileDescriptor process = container.OpenProcess();
        RuntimeSpec spec = container.LoadSpec();
        IReadOnlyList<HookSpec> inside = spec.Hooks?.StartContainer ?? [];
        if (inside.Count > 0) HookRunner.RunInside("startContainer", inside, container.Report(status) with { Pid = InnerPid.Of(container.Record!.Pid) }, (hook, stdio) => ContainerRuntime.Exec(new ExecConfig
        {
            ContainerPid = container.Record.Pid,
            ContainerPidFd = process,
            Process = hook with { Capabilities = spec.Process!.Capabilities },
            Seccomp = spec.Linux?.Seccomp,
            Cgroup = session.Cgroups.Open(container.Record.Cgroup),
        }, stdio));
        Open(container);
        HookRunner.RunAll("poststart", spec.Hooks?.Poststart ?? [], container.Report(ContainerStatus.Running), session.Log);
    }

    private static void Open(StoredContainer container)
    {
        try
        {
            using FileDescriptor gate = Libc.Open(container.Gate, Libc.O_WRONLY | Libc.O_NONBLOCK);
            Libc.WriteAll(gate, [1]);
        }
        catch (LinuxException e) when (e.Errno == Errno.ENXIO)
        {
            throw new OciException($"container {container.Id} has ended before it was started", e);
        }
        File.Delete(container.Gate);
    }
}
