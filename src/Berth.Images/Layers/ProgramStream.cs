using System.Diagnostics;

namespace Berth.Images.Layers;

/// <summary>What a decompressor of the host makes of a stream. It runs as nobody, between two pipes; dispose ends it.</summary>
internal sealed class ProgramStream : ReadOnlyStream
{
    private const int MaxComplaint = 4096;

    private readonly Process _process;
    private readonly CancellationTokenSource _disposed = new();
    private readonly Task _feeding;
    private readonly Task<string> _complaint;
    private readonly string _program;

    /// <exception cref="ImageException">It is not installed.</exception>
    public ProgramStream(Stream source, string program, string package, IReadOnlyList<string> arguments)
    {
        _program = program;
        _process = ConfinedProgram.Start(ConfinedProgram.Prepare(program, package, "for this archive", arguments, asNobody: true));
        _feeding = Task.Run(() => FeedAsync(source));
        _complaint = Task.Run(ReadComplaintAsync);
    }

    public override int Read(Span<byte> buffer)
    {
        byte[] copy = new byte[buffer.Length];
        int count = ReadAsync(copy).AsTask().GetAwaiter().GetResult();
        copy.AsSpan(0, count).CopyTo(buffer);
        return count;
    }

    /// <exception cref="InvalidDataException">The program refused what it got.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = await _process.StandardOutput.BaseStream.ReadAsync(buffer, cancellationToken);
        if (count > 0 || buffer.IsEmpty)
            return count;
        await _process.WaitForExitAsync(cancellationToken);
        string complaint = await _complaint;
        if (_process.ExitCode != 0)
            throw new InvalidDataException(complaint.Length > 0 ? complaint : $"{_program} ended with {_process.ExitCode}");
        await _feeding; // what went wrong with the source
        return 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed.IsCancellationRequested)
        {
            _disposed.Cancel();
            if (!_process.HasExited)
                _process.Kill();
            _process.WaitForExit();
            // Nobody reads from the source any more when this returns.
            Task.WhenAll(_feeding, _complaint).ContinueWith(static done => _ = done.Exception, TaskScheduler.Default).GetAwaiter().GetResult();
            _process.Dispose();
        }
        base.Dispose(disposing);
    }

    private async Task FeedAsync(Stream source)
    {
        await using Stream input = _process.StandardInput.BaseStream;
        byte[] buffer = new byte[64 * 1024];
        for (int count; (count = await source.ReadAsync(buffer, _disposed.Token)) > 0;)
        {
            try
            {
                await input.WriteAsync(buffer.AsMemory(0, count), _disposed.Token);
            }
            catch (IOException)
            {
                return; // it has ended: its exit code says why
            }
        }
    }

    private async Task<string> ReadComplaintAsync()
    {
        string said = "";
        char[] buffer = new char[1024];
        for (int count; (count = await _process.StandardError.ReadAsync(buffer)) > 0;)
        {
            if (said.Length < MaxComplaint)
                said += new string(buffer, 0, count);
        }
        return ImageException.Printable(said.Trim());
    }
}
