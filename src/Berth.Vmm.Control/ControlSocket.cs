using System.Net.Sockets;
using System.Text.Json;
using Berth.Linux;

namespace Berth.Vmm.Control;

/// <summary>Clients of a machine's control socket.</summary>
public static class ControlSocket
{
    /// <summary>Bytes of the longest line of either side.</summary>
    public const int MaxLine = 1 << 20;

    /// <summary>Connects; the path may be longer than a socket address.</summary>
    /// <exception cref="IOException">The machine does not run, or does not listen yet.</exception>
    public static Socket Connect(string path)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // Addresses have 108 bytes; a descriptor makes any path short. The machine owns the directory: a link in the socket's place is not followed.
            using FileDescriptor file = Libc.Open(path, Libc.O_PATH | Libc.O_NOFOLLOW);
            socket.Connect(new UnixDomainSocketEndPoint(file.ProcPath));
            return socket;
        }
        catch (Exception e) when (e is SocketException or LinuxException)
        {
            socket.Dispose();
            throw new IOException($"the machine cannot be reached at {path}: {e.Message}", e);
        }
    }

    /// <summary>A request as it travels.</summary>
    public static byte[] Line(ControlRequest request) => [.. JsonSerializer.SerializeToUtf8Bytes(request, ControlJson.Default.ControlRequest), (byte)'\n'];

    /// <summary>Asks for the guest's counters.</summary>
    /// <exception cref="IOException">The machine cannot be reached, has not booted yet, or answered nonsense.</exception>
    public static async Task<GuestCounters> GetStatsAsync(string path, CancellationToken cancellation)
    {
        using Socket socket = Connect(path);
        await using NetworkStream stream = new(socket);
        await stream.WriteAsync(Line(new ControlRequest { Op = ControlOperation.Stats }), cancellation);
        ControlReply reply = await ReadReplyAsync(stream, cancellation);
        return reply.Stats ?? throw new IOException(reply.Error ?? "the machine gave no counters");
    }

    /// <summary>Gives a running machine a network card; its tap stays the caller's, who may close it afterwards.</summary>
    /// <exception cref="IOException">The machine cannot be reached, or its guest cannot have the card; nothing is left of it then.</exception>
    public static async Task PlugAsync(string path, NetworkCardConfig card, FileDescriptor tap, CancellationToken cancellation)
    {
        using Socket socket = Connect(path);
        byte[] line = Line(new ControlRequest { Op = ControlOperation.Plug, Card = card });
        for (int sent = Libc.SendDescriptors(socket.SafeHandle, line, [tap.Number]); sent < line.Length;) sent += await socket.SendAsync(line.AsMemory(sent), cancellation);
        await DoneAsync(socket, cancellation);
    }

    /// <summary>Takes a network card of a running machine away.</summary>
    /// <exception cref="IOException">The machine cannot be reached, or its guest did not let go of the card, which has no wire any more.</exception>
    public static Task UnplugAsync(string path, string name, CancellationToken cancellation) =>
        DoAsync(path, new ControlRequest { Op = ControlOperation.Unplug, CardName = name }, cancellation);

    /// <summary>Replaces a running guest's /etc/hosts and /etc/resolv.conf, and gives the default routes to a card, or leaves them when no name is given.</summary>
    /// <exception cref="IOException">The machine cannot be reached, or its guest could not do it.</exception>
    public static Task ConfigureAsync(string path, string hosts, string resolver, string name, IReadOnlyList<string> gateways, CancellationToken cancellation) =>
        DoAsync(path, new ControlRequest { Op = ControlOperation.Configure, Hosts = hosts, ResolverConfiguration = resolver, CardName = name, Gateways = gateways }, cancellation);

    private static async Task DoAsync(string path, ControlRequest request, CancellationToken cancellation)
    {
        using Socket socket = Connect(path);
        byte[] line = Line(request);
        for (int sent = 0; sent < line.Length;) sent += await socket.SendAsync(line.AsMemory(sent), cancellation);
        await DoneAsync(socket, cancellation);
    }

    private static async Task DoneAsync(Socket socket, CancellationToken cancellation)
    {
        await using NetworkStream stream = new(socket);
        if ((await ReadReplyAsync(stream, cancellation)).Error is { } error) throw new IOException(Printable(error));
    }

    /// <summary>The serial console: what was printed so far, then live in both directions. The stream belongs to the caller.</summary>
    /// <exception cref="IOException">The machine cannot be reached.</exception>
    public static async Task<NetworkStream> OpenConsoleAsync(string path, CancellationToken cancellation)
    {
        NetworkStream stream = new(Connect(path), ownsSocket: true);
        await stream.WriteAsync(Line(new ControlRequest { Op = ControlOperation.Console }), cancellation);
        return stream;
    }

    /// <summary>Reads one line of an answer.</summary>
    /// <exception cref="IOException">The other side ended, or sent no answer.</exception>
    public static async Task<ControlReply> ReadReplyAsync(Stream stream, CancellationToken cancellation)
    {
        LineBuffer received = new();
        while (true)
        {
            if (received.TakeLine() is { } line) return Parse(line);
            Memory<byte> room = received.Room();
            if (room.IsEmpty) throw new IOException("the machine's answer is too long");
            int count = await stream.ReadAsync(room, cancellation);
            if (count == 0) throw new IOException("the machine ended");
            received.Advance(count);
        }
    }

    // A machine that was taken over must not steer the terminals that its words reach.
    private static string Printable(string text) => string.Concat(text.Select(static c => char.IsControl(c) ? '?' : c));

    private static ControlReply Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, ControlJson.Default.ControlReply) ?? throw new IOException("the machine gave no answer");
        }
        catch (JsonException e)
        {
            throw new IOException("the machine's answer cannot be read", e);
        }
    }
}
