using Berth.Guest;
using Berth.Vmm.Control;
using Berth.Vmm.Serial;

namespace Berth.Vmm.Clients;

/// <summary>The machine as clients of the control socket see it: its console, and its agent once it has booted.</summary>
internal sealed class MachineAccess(SerialConsole console)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private TaskCompletionSource<GuestChannel> _channel = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SerialConsole Console => console;

    /// <summary>The agent, once the workload runs; fails when the machine ends before.</summary>
    public Task<GuestChannel> Channel => Volatile.Read(ref _channel).Task;

    /// <summary>The workload runs.</summary>
    public void Ready(GuestChannel channel) => _channel.TrySetResult(channel);

    /// <summary>The machine starts anew: clients that wait for the agent wait on.</summary>
    public void Restarting()
    {
        if (_channel.Task.IsCompleted) Volatile.Write(ref _channel, new(TaskCreationOptions.RunContinuationsAsynchronously));
    }

    /// <summary>The machine will not run any more.</summary>
    public void Ended(string why)
    {
        Restarting();
        _channel.TrySetException(new IOException(why));
        _ = _channel.Task.Exception;
    }

    /// <exception cref="IOException">The guest has not booted, or does not answer.</exception>
    public GuestCounters GetStats()
    {
        if (!Channel.IsCompletedSuccessfully) throw new IOException("the machine has not booted yet");
        using CancellationTokenSource patience = new(s_patience);
        try
        {
            GuestStats stats = Channel.Result.GetStatsAsync(patience.Token).GetAwaiter().GetResult();
            return new()
            {
                BusyNanoseconds = stats.BusyNanoseconds,
                MemoryTotal = stats.MemoryTotal,
                MemoryAvailable = stats.MemoryAvailable,
                MemoryCached = stats.MemoryCached,
                OutOfMemoryKills = stats.OutOfMemoryKills,
                Processes = stats.Processes,
            };
        }
        catch (OperationCanceledException e)
        {
            throw new IOException("the guest's agent does not answer", e);
        }
    }
}
