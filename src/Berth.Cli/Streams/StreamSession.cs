using Berth.Cli.Api;
using Berth.Linux;

namespace Berth.Cli.Streams;

/// <summary>
/// Connects the user's streams with a workload's until it ends or the user detaches. One thread, one poll(2): output, input, signals
/// and the answer that says the workload ended. Input waits while the workload does not read; output never waits for input.
/// </summary>
internal sealed class StreamSession(HijackedStream workload) : IDisposable
{
    private const int Chunk = 32 * 1024;

    private readonly FrameReader _frames = new();
    private readonly List<byte> _pending = [];
    private bool _inputOpen;
    private bool _inputEnded;

    /// <summary>Where output goes.</summary>
    public required FileDescriptor StdOut { get; init; }

    /// <summary>Where errors go; with a terminal everything is output.</summary>
    public required FileDescriptor StdError { get; init; }

    /// <summary>The user's input, or null when none is wanted.</summary>
    public FileDescriptor? StdIn { get; init; }

    /// <summary>The workload has a terminal: bytes are raw.</summary>
    public bool Tty { get; init; }

    /// <summary>Keys that detach; null: none.</summary>
    public DetachKeys? DetachKeys { get; init; }

    /// <summary>Signals caught, or null.</summary>
    public SignalQueue? Signals { get; init; }

    /// <summary>Handles a signal; true ends the session.</summary>
    public Func<int, bool>? OnSignal { get; init; }

    /// <summary>Becomes readable when the workload has ended, or null when the end of output says so.</summary>
    public FileDescriptor? Ended { get; init; }

    /// <summary>True once the user left by the detach keys or <see cref="OnSignal"/> ended the session.</summary>
    public bool Left { get; private set; }

    /// <summary>Passes bytes on until output has ended (and, when given, <see cref="Ended"/> is readable).</summary>
    public void Run()
    {
        Libc.SetNonBlocking(workload.Descriptor, true);
        _inputOpen = StdIn is not null;
        if (StdIn is null)
        {
            EndInput();
        }
        var outputOpen = true;
        var ended = false;
        var fds = new Libc.pollfd[4];
        var buffer = new byte[Chunk];
        while (!Left && (outputOpen || (Ended is not null && !ended)))
        {
            if (outputOpen && workload.Buffered > 0)
            {
                outputOpen = ReadOutput(buffer);
                continue;
            }
            fds[0] = Entry(outputOpen ? workload.Descriptor : null, (short)(Libc.POLLIN | (_pending.Count > 0 ? Libc.POLLOUT : 0)));
            fds[1] = Entry(outputOpen && _inputOpen && _pending.Count == 0 ? StdIn : null, Libc.POLLIN);
            fds[2] = Entry(Signals?.Descriptor, Libc.POLLIN);
            // While output flows its end is what counts; the answer that the workload ended can wait.
            fds[3] = Entry(outputOpen ? null : Ended, Libc.POLLIN);
            _ = Libc.Poll(fds, -1);
            if (fds[2].revents != 0 && Signals!.Take() is var signal && signal > 0 && OnSignal?.Invoke(signal) == true)
            {
                Left = true;
            }
            if ((fds[0].revents & Libc.POLLOUT) != 0)
            {
                FlushInput();
            }
            if ((fds[0].revents & ~Libc.POLLOUT) != 0)
            {
                outputOpen = ReadOutput(buffer);
            }
            if (fds[1].revents != 0)
            {
                ReadInput(buffer);
            }
            ended |= fds[3].revents != 0;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => workload.Dispose();

    private static Libc.pollfd Entry(FileDescriptor? descriptor, short events) =>
        new() { fd = descriptor?.Number ?? -1, events = events };

    private bool ReadOutput(byte[] buffer)
    {
        var count = workload.Read(buffer);
        if (count == -(int)Errno.EAGAIN)
        {
            return true;
        }
        if (count <= 0)
        {
            return false;
        }
        if (Tty)
        {
            Libc.WriteAll(StdOut, buffer.AsSpan(0, count));
        }
        else
        {
            _frames.Feed(buffer.AsSpan(0, count), Write);
        }
        return true;
    }

    private void Write(int stream, ReadOnlySpan<byte> payload) => Libc.WriteAll(stream >= 2 ? StdError : StdOut, payload);

    private void ReadInput(byte[] buffer)
    {
        var count = Libc.TryRead(StdIn!, buffer);
        if (count == -(int)Errno.EAGAIN)
        {
            return;
        }
        if (count <= 0)
        {
            _inputOpen = false;
            EndInput();
            return;
        }
        if (DetachKeys is null)
        {
            _pending.AddRange(buffer.AsSpan(0, count));
        }
        else if (DetachKeys.Feed(buffer.AsSpan(0, count), _pending))
        {
            Left = true;
        }
        FlushInput();
    }

    private void FlushInput()
    {
        var bytes = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_pending);
        var written = 0;
        while (written < bytes.Length)
        {
            var count = Libc.TryWrite(workload.Descriptor, bytes[written..]);
            if (count == -(int)Errno.EAGAIN)
            {
                break;
            }
            if (count < 0)
            {
                // The workload closed its input; its output goes on.
                written = bytes.Length;
                _inputOpen = false;
                break;
            }
            written += count;
        }
        _pending.RemoveRange(0, written);
        EndInput();
    }

    // The half-close tells the workload that its input ended; everything before must have gone out.
    private void EndInput()
    {
        if (!_inputOpen && !_inputEnded && _pending.Count == 0)
        {
            _inputEnded = true;
            Libc.ShutDown(workload.Descriptor, Libc.SHUT_WR);
        }
    }
}
