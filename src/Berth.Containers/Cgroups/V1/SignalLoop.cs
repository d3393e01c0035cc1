using Berth.Linux;

namespace Berth.Containers.Cgroups.V1;

/// <summary>Kills a cgroup's processes one by one where cgroup.kill is missing.</summary>
internal static class SignalLoop
{
    private const int MaxRounds = 100;

    /// <summary>
    /// Freezing first keeps the list true while it is signalled: nothing forks, and no pid is freed and given to another process.
    /// A killed process of a v1 freezer dies only after the thaw.
    /// </summary>
    public static void KillAll(Func<IReadOnlyList<int>> pids, string? freezer)
    {
        for (int round = 0; round < MaxRounds; round++)
        {
            IReadOnlyList<int> alive = pids();
            if (alive.Count == 0)
                break;
            if (freezer is not null)
            {
                CgroupFile.TryWrite(freezer, "freezer.state", "FROZEN");
                alive = pids();
            }
            foreach (int pid in alive)
                Libc.SendSignal(pid, Libc.SIGKILL);
            if (freezer is not null)
                CgroupFile.TryWrite(freezer, "freezer.state", "THAWED");
            Thread.Sleep(Math.Min(1 + round / 4, 20));
        }
        if (freezer is not null && Freezer.IsFreezing(freezer))
            CgroupFile.TryWrite(freezer, "freezer.state", "THAWED");
    }
}
