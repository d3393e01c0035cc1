using System.Net.Sockets;
using System.Text.Json;
using Berth.Guest;
using Berth.Linux;
using Berth.Vmm.Control;
using Berth.Vmm.Networks;

namespace Berth.Vmm.Clients;

/// <summary>Serves the machine's control socket: a thread for each connection, a bounded number of them.</summary>
internal sealed class ControlServer : IDisposable
{
    private const int MaxConnections = 512, ThreadStack = 256 << 10;

    private readonly Socket _listener;
    private readonly MachineAccess _machine;
    private readonly MachineNetworks _networks;
    private int _connections;

    /// <summary>Listens at <paramref name="path"/>; a socket left there by an earlier run is replaced.</summary>
    public ControlServer(string path, MachineAccess machine, MachineNetworks networks)
    {
        (_machine, _networks) = (machine, networks);
        File.Delete(path);
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _listener.Listen(64);
        Start("control", Accept);
    }

    public void Dispose() => _listener.Dispose();

    private static void Start(string name, Action body) => new Thread(() => body(), ThreadStack) { IsBackground = true, Name = name }.Start();

    private void Accept()
    {
        try
        {
            while (true)
            {
                Socket client = _listener.Accept();
                if (Interlocked.Increment(ref _connections) <= MaxConnections)
                {
                    Start("client", () => Serve(client));
                    continue;
                }
                Interlocked.Decrement(ref _connections);
                client.Dispose();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The machine ends.
        }
    }

    private void Serve(Socket client)
    {
        using LineReader lines = new(client);
        try
        {
            if (lines.Next() is not { } line) return;
            ControlRequest request = JsonSerializer.Deserialize(line, ControlJson.Default.ControlRequest) ?? new ControlRequest();
            switch (request.Op)
            {
                case ControlOperation.Exec: new ExecSession(client, lines, _machine).Run(request); break;
                case ControlOperation.Console: new ConsoleSession(client, lines, _machine.Console).Run(); break;
                case ControlOperation.Stats: Send(client, new() { Stats = _machine.GetStats() }); break;
                case ControlOperation.Plug: Plug(client, request, lines.TakeDescriptors()); break;
                case ControlOperation.Unplug:
                    _networks.Unplug(request.CardName ?? "");
                    Send(client, new());
                    break;
                case ControlOperation.Configure:
                    _networks.Configure(request.Hosts ?? "", request.ResolverConfiguration ?? "", request.CardName ?? "", request.Gateways ?? []);
                    Send(client, new());
                    break;
                default: Send(client, new() { Error = "op: is missing or unknown" }); break;
            }
        }
        catch (JsonException e)
        {
            Refuse(client, $"the request cannot be read: {e.Message}");
        }
        catch (Exception e) when (e is LinuxException or SocketException or IOException or InvalidOperationException or GuestException or ArgumentException)
        {
            Refuse(client, e.Message);
        }
        finally
        {
            client.Dispose();
            Interlocked.Decrement(ref _connections);
        }
    }

    private void Plug(Socket client, ControlRequest request, FileDescriptor[] descriptors)
    {
        if (request.Card is not { } card || descriptors.Length != 1)
        {
            foreach (FileDescriptor descriptor in descriptors) descriptor.Dispose();
            throw new IOException("a plug needs a card and one descriptor: its tap");
        }
        _networks.Plug(card, descriptors[0]);
        Send(client, new());
    }

    /// <summary>Sends one answer.</summary>
    internal static void Send(Socket client, ControlReply reply) => client.Send([.. JsonSerializer.SerializeToUtf8Bytes(reply, ControlJson.Default.ControlReply), (byte)'\n']);

    private static void Refuse(Socket client, string why)
    {
        try
        {
            Send(client, new() { Error = why, ExitCode = 125 });
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has gone.
        }
    }
}
