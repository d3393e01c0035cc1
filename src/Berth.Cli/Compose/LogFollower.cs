using Berth.Cli.Api;
using Berth.Cli.Output;
using Berth.Cli.Streams;

namespace Berth.Cli.Compose;

/// <summary>Reads the log of one container on a thread of its own and hands its lines to a printer.</summary>
internal sealed class LogFollower
{
    private const int MaximumLine = 1024 * 1024;

    private readonly ApiEngine _engine;
    private readonly LogPrinter _printer;
    private readonly string _name;
    private readonly Thread _thread;
    private readonly Dictionary<int, List<byte>> _lines = [];

    private LogFollower(ApiEngine engine, LogPrinter printer, string id, string name, Query target)
    {
        (_engine, _printer, _name) = (engine, printer, name);
        _thread = new Thread(() => Follow(id, target)) { IsBackground = true };
        printer.Add(name);
    }

    /// <summary>Begins to read; <paramref name="refine"/> adds to the request.</summary>
    public static LogFollower Start(ApiEngine engine, LogPrinter printer, string id, string name, Func<Query, Query> refine)
    {
        LogFollower follower = new(engine, printer, id, name, refine(new Query($"/containers/{id}/logs").Add("stdout", true).Add("stderr", true)));
        follower._thread.Start();
        return follower;
    }

    /// <summary>Waits for the end of the log.</summary>
    public void Join() => _thread.Join();

    /// <summary>As <see cref="Join()"/>, up to a time; false when there is no end yet.</summary>
    public bool Join(TimeSpan limit) => _thread.Join(limit);

    private void Follow(string id, Query target)
    {
        try
        {
            using var client = _engine.NewClient();
            bool tty;
            using (var inspect = client.Get($"/containers/{id}/json"))
            {
                tty = inspect.RootElement.Field("Config").Flag("Tty");
            }
            using var exchange = client.Send("GET", target.ToString());
            Copy(exchange.Body, tty);
        }
        catch (Exception e) when (e is ApiException or IOException or CliException)
        {
            // The container or the daemon went; what was read is printed.
        }
        foreach (var (_, rest) in _lines.Where(line => line.Value.Count > 0))
        {
            Write(rest);
        }
    }

    private void Copy(Stream body, bool tty)
    {
        FrameReader frames = new();
        var buffer = new byte[32 * 1024];
        int count;
        while ((count = body.Read(buffer)) > 0)
        {
            if (tty)
            {
                Feed(1, buffer.AsSpan(0, count));
            }
            else
            {
                frames.Feed(buffer.AsSpan(0, count), Feed);
            }
        }
    }

    private void Feed(int stream, ReadOnlySpan<byte> bytes)
    {
        if (!_lines.TryGetValue(stream, out var line))
        {
            _lines[stream] = line = [];
        }
        while (!bytes.IsEmpty)
        {
            var end = bytes.IndexOf((byte)'\n');
            line.AddRange(end < 0 ? bytes : bytes[..end]);
            if (end >= 0 || line.Count > MaximumLine)
            {
                Write(line);
                line.Clear();
            }
            bytes = end < 0 ? [] : bytes[(end + 1)..];
        }
    }

    private void Write(List<byte> line)
    {
        var bytes = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(line);
        _printer.Write(_name, bytes.EndsWith("\r"u8) ? bytes[..^1] : bytes);
    }
}
