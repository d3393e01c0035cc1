using Berth.Containers.Cgroups;
using Berth.Containers.Logs;
using Berth.Containers.Supervision;
using Berth.Linux;
using Berth.Supervisor.Events;
using Berth.Supervisor.Streams;

namespace Berth.Supervisor.Processes;

/// <summary>A running process with everything held for it. Made by a worker; from <see cref="Begin"/> on it lives on the loop.</summary>
internal sealed class ManagedProcess : IDisposable
{
    private readonly List<OutputPump> _pumps = [];
    private EventLoop? _loop;
    private InputSink? _input;
    private Action? _inputClosed;
    private bool _finishing;

    public required ProcessKey Key { get; init; }

    public required ProcessFiles Files { get; init; }

    public required ProcessState State { get; set; }

    /// <summary>Null for an adopted process that was gone already.</summary>
    public FileDescriptor? PidFd { get; set; }

    public required ProcessPipes Pipes { get; init; }

    public FileDescriptor? Console { get; set; }

    public LogWriter? Log { get; init; }

    private int Chunk => Log?.PayloadLimit ?? LogWriter.MaxPayload;

    public ICgroup? Cgroup { get; init; }

    /// <summary>A child of an earlier supervisor: its exit code comes from its pidfd.</summary>
    public bool Adopted { get; init; }

    public StreamHub Hub { get; set; } = new();

    public ExitWatch? Exit { get; set; }

    public SupervisedProcess Process => State.Process;

    /// <summary>Joins the process with its clients and begins to read. <paramref name="inputClosed"/> is called when standard input is closed for good.</summary>
    public void Begin(EventLoop loop, StreamHub hub, Action inputClosed)
    {
        _loop = loop;
        Hub = hub;
        hub.Changed = UpdatePumps;
        _inputClosed = inputClosed;
        if (Pipes.Stdout is not null)
            _pumps.Add(new OutputPump(loop, Pipes.Stdout, StdioChannel.Stdout, Chunk, Log, Deliver));
        if (Pipes.Stderr is not null)
            _pumps.Add(new OutputPump(loop, Pipes.Stderr, StdioChannel.Stderr, Chunk, Log, Deliver));
        if (Pipes.Stdin is not null)
            _input = new InputSink(loop, Pipes.Stdin, hub.ResumeInput, InputClosed);
        if (Console is not null)
            UseConsole();
        if (Process.Tty && Console is null)
            hub.Tty = true; // adopted: input waits until the daemon has brought the terminal back
        else
            hub.Begin(Process.Tty, State.StdinOnce, _input);
    }

    /// <summary>The terminal came back from the daemon's keeping.</summary>
    public void TakeConsole(FileDescriptor console)
    {
        if (Console is not null || _finishing || !Process.Tty)
        {
            console.Dispose();
            return;
        }
        Console = console;
        UseConsole();
        Hub.Begin(true, State.StdinOnce, _input);
    }

    public void Resize(TerminalSize size)
    {
        if (Console is not null)
            Libc.SetWindowSize(Console, size.Rows, size.Columns);
        else
            Hub.Size = size;
    }

    public void CloseInput() => _input?.CloseWhenDrained();

    /// <summary>Delivers what the process left in its pipes and ends log and clients.</summary>
    public void Finish()
    {
        _finishing = true;
        foreach (OutputPump pump in _pumps)
            pump.Drain();
        Log?.WriteEnd();
        Hub.Finish();
        Dispose();
    }

    /// <summary>Closes every descriptor.</summary>
    public void Dispose()
    {
        Exit?.Dispose();
        foreach (OutputPump pump in _pumps)
            pump.Dispose();
        _input?.Dispose();
        Console?.Dispose();
        Pipes.Dispose();
        Log?.Dispose();
        PidFd?.Dispose();
    }

    /// <summary>What the daemon should hold a second descriptor of.</summary>
    public IEnumerable<(KeptDescriptorKind Kind, FileDescriptor Descriptor)> Keepable()
    {
        if (PidFd is not null)
            yield return (KeptDescriptorKind.Process, PidFd);
        if (Console is not null)
            yield return (KeptDescriptorKind.Console, Console);
        // A second writer would hold back the end of file, so only an input that is meant to stay open is kept.
        if (Pipes.Stdin is { IsClosed: false } && !State.StdinOnce)
            yield return (KeptDescriptorKind.Stdin, Pipes.Stdin);
        if (Pipes.Stdout is not null)
            yield return (KeptDescriptorKind.Stdout, Pipes.Stdout);
        if (Pipes.Stderr is not null)
            yield return (KeptDescriptorKind.Stderr, Pipes.Stderr);
    }

    private void UseConsole()
    {
        Libc.SetNonBlocking(Console!, true);
        _pumps.Add(new OutputPump(_loop!, Console!, StdioChannel.Stdout, Chunk, log: null, Deliver));
        if (State.OpenStdin) // a descriptor of its own: epoll takes each only once
            _input = new InputSink(_loop!, Libc.Duplicate(Console!), () => Hub.ResumeInput(), () => { });
        if (Hub.Size is { } size)
            Libc.SetWindowSize(Console!, size.Rows, size.Columns);
        UpdatePumps();
    }

    private void Deliver(StdioChannel channel, byte[] buffer, int length, bool recorded)
    {
        if (!recorded)
            Log?.WriteInPlace(channel, buffer, length); // first: a slow client must not cost the log anything
        Hub.Deliver((byte)channel, buffer, LogWriter.ReservedBefore, length);
        if (!_finishing && Hub.IsFull)
            UpdatePumps();
    }

    private void UpdatePumps()
    {
        if (_finishing)
            return;
        bool paused = Hub.IsFull;
        foreach (OutputPump pump in _pumps)
            pump.Paused = paused;
    }

    private void InputClosed()
    {
        State = State with { StdinClosed = true };
        Hub.Input = null;
        _inputClosed?.Invoke();
    }
}
