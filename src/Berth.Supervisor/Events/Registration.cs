using Berth.Linux;

namespace Berth.Supervisor.Events;

/// <summary>A descriptor's place in the loop. Disposing ends the watch, not the descriptor.</summary>
internal sealed class Registration(EventLoop loop, FileDescriptor descriptor, ulong token, Action<uint> handler) : IDisposable
{
    private uint _events;
    private bool _disposed;

    public FileDescriptor Descriptor => descriptor;

    public ulong Token => token;

    /// <summary>What is waited for. 0 takes the descriptor out altogether: epoll reports a hang-up even to those who asked for nothing.</summary>
    public uint Events
    {
        get => _events;
        set
        {
            if (value == _events || _disposed)
                return;
            loop.Control(value == 0 ? Libc.EPOLL_CTL_DEL : _events == 0 ? Libc.EPOLL_CTL_ADD : Libc.EPOLL_CTL_MOD, this, value);
            _events = value;
        }
    }

    public void Handle(uint events) => handler(events);

    public void Dispose()
    {
        if (_disposed)
            return;
        if (!descriptor.IsClosed)
            Events = 0;
        _disposed = true;
        loop.Remove(this);
    }
}
