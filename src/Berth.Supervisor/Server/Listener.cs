using Berth.Containers.Supervision;
using Berth.Linux;
using Berth.Supervisor.Events;

namespace Berth.Supervisor.Server;

/// <summary>Accepts connections of the supervisor's own user.</summary>
internal sealed class Listener : IDisposable
{
    private readonly EventLoop _loop;
    private readonly FileDescriptor _socket;
    private readonly Registration _registration;
    private readonly Action<Connection, SupervisorRequest> _serve;
    private readonly SupervisorLog _log;

    public Listener(EventLoop loop, string path, Action<Connection, SupervisorRequest> serve, SupervisorLog log)
    {
        _loop = loop;
        _serve = serve;
        _log = log;
        Libc.TryUnlinkAt(null, path); // left by a killed supervisor; the pid file's lock says that none runs
        uint mask = Libc.SetUmask(0x7F);
        try
        {
            _socket = Libc.ListenUnix(path, 512);
        }
        finally
        {
            Libc.SetUmask(mask);
        }
        _registration = loop.Register(_socket, Libc.EPOLLIN, _ => Accept());
    }

    public void Dispose()
    {
        _registration.Dispose();
        _socket.Dispose();
    }

    private void Accept()
    {
        while (Libc.TryAccept(_socket) is { } socket)
        {
            uint peer = Libc.PeerCredentials(socket).uid;
            if (peer == Libc.EffectiveUserId)
            {
                _ = new Connection(_loop, socket, c => new RequestReader(c, _serve));
                continue;
            }
            _log.Error($"refused a connection of user {peer}");
            socket.Dispose();
        }
    }
}
