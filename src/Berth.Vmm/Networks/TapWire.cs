using Berth.Devices.Virtio;
using Berth.Linux;

namespace Berth.Vmm.Networks;

/// <summary>A network card's wire that ends in a tap of the host, which berth-vmm was given open. See tuntap.rst of the kernel.</summary>
internal sealed class TapWire : IPacketBackend, IDisposable
{
    private const int Stack = 256 << 10;

    private readonly FileDescriptor _tap;
    private readonly AutoResetEvent _drained = new(false);
    private volatile bool _stopping;

    public TapWire(FileDescriptor tap)
    {
        _tap = tap;
        new Thread(Watch, Stack) { IsBackground = true, Name = "tap" }.Start();
    }

    /// <inheritdoc/>
    public Action? FramesArrived { get; set; }

    /// <inheritdoc/>
    public bool Send(ReadOnlySpan<byte> frame) => Libc.TryWrite(_tap, frame) == frame.Length;

    /// <inheritdoc/>
    public int TryReceive(Span<byte> frame)
    {
        int length = Libc.TryRead(_tap, frame);
        if (length > 0) return length;
        _drained.Set();
        return 0;
    }

    /// <summary>Stops watching. The descriptor stays: a watcher may still wait on it, and the process ends soon.</summary>
    public void Dispose()
    {
        _stopping = true;
        _drained.Set();
    }

    // One word to the card for all that waits: it reads until there is nothing, and only then is it told again.
    private void Watch()
    {
        Libc.pollfd[] wanted = [new() { fd = _tap.Number, events = Libc.POLLIN }];
        while (!_stopping)
        {
            if (Libc.Poll(wanted, -1) == 0) continue;
            if (_stopping || (wanted[0].revents & Libc.POLLIN) == 0) return; // an interface that is gone stays gone
            FramesArrived?.Invoke();
            _drained.WaitOne();
        }
    }
}
