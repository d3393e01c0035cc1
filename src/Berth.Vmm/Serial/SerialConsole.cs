using System.Text;
using Berth.Devices;
using Berth.Devices.Chipset;

namespace Berth.Vmm.Serial;

/// <summary>What the guest's serial port is connected to: a log of bounded size, the last output for those who come later, and clients that
/// watch and type.</summary>
internal sealed class SerialConsole(ConsoleLog log) : IByteSink, IDisposable
{
    private const int LongestLine = 512;

    private readonly Lock _gate = new();
    private readonly ConsoleHistory _history = new();
    private readonly StringBuilder _line = new();
    private readonly List<IConsoleClient> _clients = [];
    private readonly Queue<byte> _typed = new();
    private Uart16550? _port;

    /// <summary>Bytes typed but not yet taken by the guest; more is dropped.</summary>
    public const int MaxTyped = 4096;

    /// <summary>The line in which the guest's kernel gave up; null while it has not.</summary>
    public string? Panic { get; private set; }

    /// <summary>The agent's last remark.</summary>
    public string? AgentRemark { get; private set; }

    /// <summary>The port of a new board.</summary>
    public void Connect(Uart16550 port)
    {
        lock (_gate)
        {
            (_port, Panic, AgentRemark) = (port, null, null);
            _typed.Clear();
        }
        port.RoomAvailable = Feed;
    }

    /// <summary>On a processor's thread.</summary>
    public void Write(ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            _history.Add(data);
            log.Add(data);
            Read(data);
            foreach (IConsoleClient client in _clients) client.Show(data);
        }
    }

    /// <summary>Shows the history, then what comes, until removed.</summary>
    public void Add(IConsoleClient client)
    {
        lock (_gate)
        {
            client.Show(_history.ToArray());
            _clients.Add(client);
        }
    }

    public void Remove(IConsoleClient client)
    {
        lock (_gate) _clients.Remove(client);
    }

    /// <summary>Types on the console.</summary>
    public void Type(ReadOnlySpan<byte> keys)
    {
        lock (_gate)
        {
            foreach (byte key in keys)
            {
                if (_typed.Count < MaxTyped) _typed.Enqueue(key);
            }
        }
        Feed();
    }

    public void Dispose()
    {
        lock (_gate) log.Dispose();
    }

    private void Feed()
    {
        while (true)
        {
            Uart16550? port;
            byte key;
            lock (_gate)
            {
                port = _port;
                if (port is null || !_typed.TryPeek(out key)) return;
            }
            if (port.Receive([key]) == 0) return;
            lock (_gate) _typed.TryDequeue(out _);
        }
    }

    private void Read(ReadOnlySpan<byte> data)
    {
        foreach (byte value in data)
        {
            if (value is not ((byte)'\n' or (byte)'\r'))
            {
                if (_line.Length < LongestLine) _line.Append(value is >= 32 and < 127 ? (char)value : '?');
                continue;
            }
            string line = _line.ToString();
            _line.Clear();
            const string PanicText = "Kernel panic - not syncing: ", AgentText = "berth-agent: ";
            if (line.IndexOf(PanicText, StringComparison.Ordinal) is var panic and >= 0) Panic ??= line[(panic + PanicText.Length)..];
            if (line.IndexOf(AgentText, StringComparison.Ordinal) is var agent and >= 0) AgentRemark = line[(agent + AgentText.Length)..];
        }
    }
}
