namespace Berth.Engine.Instances;

/// <summary>
/// A live connection to a workload: reads give output (Docker's frames, or raw bytes with a terminal) until it ended and all was
/// delivered; writes are input; <see cref="CloseInput"/> is its end of file.
/// </summary>
public sealed class Attachment(Stream stream, bool tty, Action closeInput) : IAsyncDisposable
{
    /// <summary>The bytes both ways.</summary>
    public Stream Stream { get; } = stream;

    /// <summary>Output is raw terminal bytes, not frames.</summary>
    public bool Tty { get; } = tty;

    /// <summary>Tells the workload that no more input comes; output goes on.</summary>
    public void CloseInput() => closeInput();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Stream.DisposeAsync();
}
