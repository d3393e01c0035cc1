using System.IO.Pipelines;
using System.Net.Sockets;
using Berth.Linux;

namespace Berth.Daemon.Http;

/// <summary>The raw socket of a hijacked call: bytes both ways, half-close in either direction.</summary>
internal sealed class HijackedStream(IDuplexPipe transport, Socket? socket) : IAsyncDisposable
{
    private const int HeadPatienceMilliseconds = 1000;

    /// <summary>What the client sends; completes at its half-close.</summary>
    public PipeReader Input => transport.Input;

    /// <summary>What the client reads.</summary>
    public PipeWriter Output => transport.Output;

    /// <summary>
    /// Sends the answer's head, past Kestrel's output pipe: only what lies in the socket can be asked for (<see cref="HeadTakenAsync"/>).
    /// Nothing is in the pipe, since a client waits for its earlier answers before it asks to leave HTTP.
    /// </summary>
    public async Task SendHeadAsync(ReadOnlyMemory<byte> head)
    {
        if (socket is null)
        {
            await transport.Output.WriteAsync(head);
            return;
        }
        while (!head.IsEmpty)
        {
            head = head[await socket.SendAsync(head)..];
        }
    }

    /// <summary>
    /// Waits until the client has read the head, a second at most; to be called before the first byte after it. Some clients (docker-py)
    /// read the head through a buffer and then from the bare socket: output that came along with the head would be lost to them.
    /// </summary>
    public async Task HeadTakenAsync(CancellationToken stopping)
    {
        try
        {
            for (int waited = 0; waited < HeadPatienceMilliseconds && socket is not null && Libc.HasUnreadOutput(socket.SafeHandle); waited++)
            {
                await Task.Delay(1, stopping);
            }
        }
        catch (ObjectDisposedException)
        {
            // The connection is gone; the next write tells.
        }
    }

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
        Libc.pollfd[] poll = [new() { fd = descriptor }];
        return Libc.Poll(poll, 0) > 0 && (poll[0].revents & (Libc.POLLHUP | Libc.POLLERR | Libc.POLLNVAL)) != 0;
    }

    /// <summary>Lets everything written reach the client, then closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        await transport.Output.CompleteAsync();
        await transport.Input.CompleteAsync();
    }
}
