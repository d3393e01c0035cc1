using Berth.Containers.Cgroups;
using Berth.Containers.Spec;
using Berth.Linux;
using Berth.Oci.Hooks;
using Berth.Oci.State;

namespace Berth.Oci;

/// <summary>Removes all that is left of a container; may be done again where an earlier try was killed.</summary>
internal static class ContainerDeletion
{
    private const int PatienceMilliseconds = 10_000;

    public static void Delete(Session session, StoredContainer container)
    {
        if (container.Record is { Cgroup: { } path })
        {
            ICgroup cgroup = session.Cgroups.Open(path);
            if (session.Cgroups.Exists(path)) cgroup.KillAll();
            End(container);
            cgroup.Destroy();
            if (path.StartsWith(CgroupPath.Parent + "/", StringComparison.Ordinal)) session.Cgroups.RemoveIfEmpty(CgroupPath.Parent);
        }
        IReadOnlyList<HookSpec> hooks = Hooks(container);
        StateReport state = container.Report(ContainerStatus.Stopped);
        container.Remove();
        HookRunner.RunAll("poststop", hooks, state, session.Log);
    }

    private static IReadOnlyList<HookSpec> Hooks(StoredContainer container)
    {
        try
        {
            return container.Record is { Pid: > 0 } ? container.LoadSpec().Hooks?.Poststop ?? [] : [];
        }
        catch (Exception e) when (e is IOException or SpecException)
        {
            return [];
        }
    }

    // The first process may stand in a cgroup of someone else's making.
    private static void End(StoredContainer container)
    {
        FileDescriptor process;
        try
        {
            process = container.OpenProcess();
        }
        catch (OciException)
        {
            return;
        }
        using (process)
        {
            Libc.SendSignal(process, Libc.SIGKILL);
            Libc.pollfd[] ended = [new() { fd = process.Number, events = Libc.POLLIN }];
            if (Libc.Poll(ended, PatienceMilliseconds) == 0) throw new OciException($"container {container.Id}: its first process does not end");
        }
    }
}
