using Berth.Devices.Virtio;
using Berth.Linux;

namespace Berth.Vmm.Networks;

/// <summary>A network card's wire that ends in a tap of the host, which berth-vmm was given open. See tuntap.rst of the kernel.</summary>
internal sealed class TapWire : IPacketBackend, IDisposable
{
    private const int Stack = 256 << 10;

    private readonly FileDescriptor _tap, _stop = Libc.OpenEvent();
    private readonly AutoResetEvent _drained = new(false);
    private readonly Thread _watcher;
    private volatile bool _stopping;

    public TapWire(FileDescriptor tap)
    {
        _tap = tap;
        _watcher = new Thread(Watch, Stack) { IsBackground = true, Name = "tap" };
        _watcher.Start();
    }

    /// <inheritdoc/>
    public Action? FramesArrived { get; set; }

    /// <summary>Told when the host's interface has been removed: nothing comes or goes any more.</summary>
    public Action? Gone { get; set; }

    /// <inheritdoc/>
    public bool Send(ReadOnlySpan<byte> frame)
    {
        try
        {
            return !_stopping && Libc.TryWrite(_tap, frame) == frame.Length;
        }
        catch (ObjectDisposedException)
        {
            return false; // cut this very moment
        }
    }

    /// <inheritdoc/>
    public int TryReceive(Span<byte> frame)
    {
        try
        {
            int length = _stopping ? 0 : Libc.TryRead(_tap, frame);
            if (length > 0) return length;
        }
        catch (ObjectDisposedException)
        {
            return 0; // cut this very moment
        }
        _drained.Set();
        return 0;
    }

    /// <summary>Cuts the wire: the tap is closed, and with it the host's interface goes. The card may stay.</summary>
    public void Dispose()
    {
        if (_stopping) return;
        _stopping = true;
        Libc.SignalEvent(_stop);
        _drained.Set();
        _watcher.Join();
        _tap.Dispose();
        _stop.Dispose();
    }

    // One word to the card for all that waits: it reads until there is nothing, and only then is it told again.
    private void Watch()
    {
        Libc.pollfd[] wanted = [new() { fd = _tap.Number, events = Libc.POLLIN }, new() { fd = _stop.Number, events = Libc.POLLIN }];
        while (!_stopping)
        {
            if (Libc.Poll(wanted, -1) == 0 || _stopping) continue;
            if ((wanted[0].revents & Libc.POLLIN) == 0)
            {
                Gone?.Invoke(); // an interface that is gone stays gone
                return;
            }
            FramesArrived?.Invoke();
            _drained.WaitOne();
        }
    }
}
