namespace Berth.Kvm;

/// <summary>Finds the processor that has halted with interrupts off. KVM keeps a halted processor to itself when it has the APIC, so one that
/// nothing can wake would sleep for ever. Of several processors another may wake it, so only a lone one is looked at, ever more rarely.</summary>
internal sealed class HaltWatch : IDisposable
{
    private static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(4), s_longest = TimeSpan.FromSeconds(2);

    private readonly Timer? _timer;
    private readonly KvmMachine _machine;
    private TimeSpan _delay;

    public HaltWatch(KvmMachine machine)
    {
        _machine = machine;
        if (machine.Config.CpuCount == 1) _timer = new Timer(_ => Look());
    }

    public void Begin()
    {
        _delay = s_first;
        _timer?.Change(_delay, Timeout.InfiniteTimeSpan);
    }

    public void Again()
    {
        _delay = _delay * 2 < s_longest ? _delay * 2 : s_longest;
        _timer?.Change(_delay, Timeout.InfiniteTimeSpan);
    }

    public void End() => _timer?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    private void Look()
    {
        if (_machine.Cpus is [KvmCpu cpu]) cpu.Look();
    }

    // Waits: a callback must not reach a processor that is gone.
    public void Dispose()
    {
        if (_timer is null) return;
        using ManualResetEvent done = new(false);
        if (_timer.Dispose(done)) done.WaitOne();
    }
}
