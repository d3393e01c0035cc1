using Berth.Guest;
using Berth.Linux;

namespace Berth.Vmm.Agent;

/// <summary>Connects a guest process's streams with descriptors of the host. Each direction has a thread: a reader that is slow holds up
/// that stream and nothing else.</summary>
internal sealed class StdioRelay
{
    private const int Chunk = 32 << 10;

    private readonly GuestProcess _process;
    private readonly List<Task> _outputs = [];

    /// <summary>Starts to relay; null descriptors are left alone. They belong to the caller, who keeps them open until <see cref="Drained"/>.</summary>
    public StdioRelay(GuestProcess process, FileDescriptor? input, FileDescriptor output, FileDescriptor? error)
    {
        _process = process;
        if (input is not null) Run("stdin", () => Feed(input));
        _outputs.Add(Run("stdout", () => Drain(GuestOutput.Stdout, output)));
        if (error is not null) _outputs.Add(Run("stderr", () => Drain(GuestOutput.Stderr, error)));
    }

    /// <summary>Completes when all output was written.</summary>
    public Task Drained => Task.WhenAll(_outputs);

    private static Task Run(string name, Action body)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                body();
            }
            catch (Exception e) when (e is LinuxException or GuestException or GuestProtocolException or ObjectDisposedException)
            {
                // The other side is gone: there is nothing left to relay.
            }
            finally
            {
                done.SetResult();
            }
        }, 256 << 10)
        { IsBackground = true, Name = name }.Start();
        return done.Task;
    }

    private void Feed(FileDescriptor input)
    {
        byte[] buffer = new byte[Chunk];
        int count;
        while ((count = ReadInput(input, buffer)) > 0) _process.WriteAsync(buffer.AsMemory(0, count)).GetAwaiter().GetResult();
        _process.CloseInputAsync().GetAwaiter().GetResult();
    }

    // The other side of a terminal that was closed gives EIO: its end.
    private static int ReadInput(FileDescriptor input, Span<byte> buffer) => Math.Max(0, Libc.TryRead(input, buffer));

    private void Drain(GuestOutput stream, FileDescriptor output)
    {
        byte[] buffer = new byte[Chunk];
        bool wanted = true;
        int count;
        while ((count = _process.ReadAsync(stream, buffer).AsTask().GetAwaiter().GetResult()) > 0)
        {
            try
            {
                if (wanted) Libc.WriteAll(output, buffer.AsSpan(0, count));
            }
            catch (LinuxException)
            {
                // Nobody reads any more. The process runs on, as it would with output to /dev/null.
                wanted = false;
            }
        }
    }
}
