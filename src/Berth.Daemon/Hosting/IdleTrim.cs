namespace Berth.Daemon.Hosting;

/// <summary>
/// Gives memory back to the system in a quiet moment after a busy one. The collector itself waits until its first generation is full,
/// which on processors with a large cache is tens of megabytes: much for a daemon that mostly sleeps.
/// </summary>
internal static class IdleTrim
{
    private const long QuietBytes = 512 * 1024, WorthwhileBytes = 4 * 1024 * 1024;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    /// <summary>Watches until <paramref name="stop"/>.</summary>
    public static async Task RunAsync(TimeProvider time, CancellationToken stop)
    {
        long last = 0, trimmed = 0;
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                long allocated = GC.GetTotalAllocatedBytes();
                if (allocated - last < QuietBytes && allocated - trimmed > WorthwhileBytes)
                {
                    GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                    trimmed = allocated;
                }
                last = allocated;
            }
        }
        catch (OperationCanceledException)
        {
            // The daemon stops.
        }
    }
}
