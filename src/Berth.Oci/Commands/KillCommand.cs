using Berth.Containers.Cgroups;
using Berth.Linux;
using Berth.Oci.State;

namespace Berth.Oci.Commands;

/// <summary><c>kill</c>: [OCI-RT] runtime.md, Kill.</summary>
internal static class KillCommand
{
    public static int Run(Session session, IReadOnlyList<string> words)
    {
        Arguments given = Arguments.Parse(words, ["all|a"], []);
        if (given.Words.Count is not (1 or 2)) throw new OciException("kill takes a container id and, unless it is TERM, a signal");
        string name = given.Words.Count == 2 ? given.Words[1] : "TERM";
        if (!SignalName.TryParse(name, out int signal)) throw new OciException($"invalid signal {name}: use a name such as TERM or a number from 1 to {SignalName.Max}");
        StoredContainer container = session.Store.Get(given.Words[0]);
        if (given.Has("all"))
        {
            All(session, container, signal);
            return 0;
        }
        using FileDescriptor process = container.OpenProcess();
        if (!Libc.SendSignal(process, signal)) throw OciException.NotRunning(container.Id);
        return 0;
    }

    // Also where the first process has ended: others of a shared pid namespace may go on.
    private static void All(Session session, StoredContainer container, int signal)
    {
        if (container.Record is not { } record || !session.Cgroups.Exists(record.Cgroup)) throw OciException.NotRunning(container.Id);
        ICgroup cgroup = session.Cgroups.Open(record.Cgroup);
        if (signal == Libc.SIGKILL)
        {
            cgroup.KillAll();
            return;
        }
        foreach (int pid in cgroup.Pids())
        {
            using FileDescriptor? process = Libc.TryOpenProcess(pid);
            // It may have left since, and its number gone to another.
            if (process is not null && cgroup.Pids().Contains(pid)) Libc.SendSignal(process, signal);
        }
    }
}
