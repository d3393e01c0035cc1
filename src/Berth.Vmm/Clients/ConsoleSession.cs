using System.Buffers;
using System.Net.Sockets;
using Berth.Vmm.Serial;

namespace Berth.Vmm.Clients;

/// <summary>A client at the serial console. One that does not read is let go: the guest never waits for it.</summary>
internal sealed class ConsoleSession(Socket client, LineReader lines, SerialConsole console) : IConsoleClient
{
    private const int MaxWaiting = 1 << 20;

    private readonly object _gate = new();
    private readonly ArrayBufferWriter<byte> _waiting = new();
    private bool _over;

    public void Run()
    {
        Thread writer = new(Write, 128 << 10) { IsBackground = true, Name = "console" };
        console.Add(this);
        writer.Start();
        try
        {
            console.Type(lines.Rest);
            byte[] keys = new byte[256];
            int count;
            while ((count = client.Receive(keys)) > 0) console.Type(keys.AsSpan(0, count));
        }
        catch (SocketException)
        {
            // It has gone.
        }
        console.Remove(this);
        End();
        writer.Join();
    }

    public void Show(ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            if (_over) return;
            _waiting.Write(data);
            if (_waiting.WrittenCount > MaxWaiting) _over = true;
            Monitor.Pulse(_gate);
        }
    }

    private void End()
    {
        lock (_gate)
        {
            _over = true;
            Monitor.Pulse(_gate);
        }
    }

    private void Write()
    {
        try
        {
            while (true)
            {
                byte[] part;
                lock (_gate)
                {
                    while (_waiting.WrittenCount == 0 && !_over) Monitor.Wait(_gate);
                    if (_waiting.WrittenCount == 0 || _waiting.WrittenCount > MaxWaiting) break;
                    part = _waiting.WrittenSpan.ToArray();
                    _waiting.ResetWrittenCount();
                }
                for (int sent = 0; sent < part.Length;) sent += client.Send(part.AsSpan(sent));
            }
            client.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has gone.
        }
    }
}
