using Berth.Linux;

namespace Berth.Cli.Http;

/// <summary>Plain blocking reads and writes on a descriptor, without buffers and without the machinery of FileStream and Socket.</summary>
internal sealed class DescriptorStream(FileDescriptor descriptor) : Stream
{
    /// <summary>The descriptor, to wait on it.</summary>
    public FileDescriptor Descriptor { get; } = descriptor;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer) => Libc.Read(Descriptor, buffer);

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer) => Libc.WriteAll(Descriptor, buffer);

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Descriptor.Dispose();
        }
        base.Dispose(disposing);
    }
}
