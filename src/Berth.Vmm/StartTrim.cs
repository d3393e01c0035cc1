namespace Berth.Vmm;

/// <summary>Gives back to the host what the start of a machine leaves in the managed heap: files that are in the guest now, tables that were
/// outgrown. The collector comes by itself when much is allocated, and an idle machine allocates nothing.</summary>
internal static class StartTrim
{
    // Workloads begin with a burst of their own; a collection is not to be in its way.
    private static readonly TimeSpan s_delay = TimeSpan.FromSeconds(5);

    /// <summary>Collects once, a while from now.</summary>
    public static async Task RunAsync(CancellationToken stop)
    {
        await Task.Delay(s_delay, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!stop.IsCancellationRequested) GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }
}
