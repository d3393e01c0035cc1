using System.IO.Pipelines;
using System.Net.Sockets;
using Berth.Linux;

namespace Berth.Daemon.Http;

/// <summary>The raw socket of a hijacked call: bytes both ways, half-close in either direction.</summary>
internal sealed class HijackedStream(IDuplexPipe transport, Socket? socket) : IAsyncDisposable
{
    /// <summary>What the client sends; completes at its half-close.</summary>
    public PipeReader Input => transport.Input;

    /// <summary>What the client reads.</summary>
    public PipeWriter Output => transport.Output;

    /// <summary>True when the client has closed both directions, which reading alone cannot tell from a half-close.</summary>
    public bool IsClientGone()
    {
        if (socket is null)
        {
            return false;
        }
        int descriptor;
        try
        {
            descriptor = (int)socket.Handle;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
        Span<Libc.pollfd> poll = [new() { fd = descriptor }];
        return Libc.Poll(poll, 0) > 0 && (poll[0].revents & (Libc.POLLHUP | Libc.POLLERR | Libc.POLLNVAL)) != 0;
    }

    /// <summary>Lets everything written reach the client, then closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        await transport.Output.CompleteAsync();
        await transport.Input.CompleteAsync();
    }
}
