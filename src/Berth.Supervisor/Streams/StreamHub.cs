using Berth.Containers.Supervision;

namespace Berth.Supervisor.Streams;

/// <summary>
/// Where a process's streams and its attached clients meet; exists as soon as either does. A client that reads slowly has
/// <see cref="MaxWaitingBytes"/> of room; then reading from the process pauses, so nothing is lost and memory stays bounded. A client that takes
/// nothing at all for <see cref="PatienceShared"/> while others are attached, or <see cref="PatienceAlone"/> when alone, is cut off and the process goes on.
/// </summary>
internal sealed class StreamHub
{
    public const int MaxWaitingBytes = 1 << 20;
    public static readonly TimeSpan PatienceAlone = TimeSpan.FromMinutes(10);
    public static readonly TimeSpan PatienceShared = TimeSpan.FromSeconds(10);

    private readonly List<AttachClient> _clients = [];

    /// <summary>Told when clients came, went or took output; the process pauses or resumes its pumps then.</summary>
    public Action? Changed { get; set; }

    /// <summary>Where clients' input goes, while the process has an open standard input.</summary>
    public InputSink? Input { get; set; }

    /// <summary>Null until the process is started.</summary>
    public bool? Tty { get; set; }

    /// <summary>The process takes input, or never will. Before, what clients send waits: for the start, or for an adopted terminal to come back.</summary>
    public bool InputReady { get; private set; }

    /// <summary>Closing: the end of a client's input ends the process's.</summary>
    public bool StdinOnce { get; set; }

    /// <summary>Size asked for before the terminal exists.</summary>
    public TerminalSize? Size { get; set; }

    public bool IsEmpty => _clients.Count == 0;

    /// <summary>Some client has no more room.</summary>
    public bool IsFull => _clients.Exists(static c => c.IsFull);

    public bool HasSeveral => _clients.Count > 1;

    public void Add(AttachClient client) => _clients.Add(client);

    /// <summary>A client is gone; a cut connection counts as the end of input only when no other client could go on feeding.</summary>
    public void Remove(AttachClient client, bool inputOpen)
    {
        if (!_clients.Remove(client))
            return;
        if (client.FeedsStdin && inputOpen && Tty == false && StdinOnce && !_clients.Exists(static c => c.FeedsStdin))
            Input?.CloseWhenDrained();
        Changed?.Invoke();
    }

    /// <summary>Delivers output; 8 bytes before <paramref name="start"/> are free for the frame's header.</summary>
    public void Deliver(byte channel, byte[] buffer, int start, int length)
    {
        for (int i = _clients.Count - 1; i >= 0; i--)
        {
            if (i < _clients.Count)
                _clients[i].Deliver(channel, buffer, start, length, Tty == true);
        }
    }

    /// <summary>Resumes clients whose input was held back.</summary>
    public void ResumeInput()
    {
        foreach (AttachClient client in _clients.ToArray())
            client.ResumeInput();
    }

    /// <summary>The process started: clients may feed it.</summary>
    public void Begin(bool tty, bool stdinOnce, InputSink? input)
    {
        Tty = tty;
        StdinOnce = stdinOnce;
        Input = input;
        InputReady = true;
        foreach (AttachClient client in _clients.ToArray())
            client.ProcessStarted();
    }

    /// <summary>The process ended and all output was delivered, or it could not be started: clients end after what waits for them.</summary>
    public void Finish()
    {
        Changed = null;
        Input = null;
        foreach (AttachClient client in _clients.ToArray())
            client.Finish();
        _clients.Clear();
    }
}
