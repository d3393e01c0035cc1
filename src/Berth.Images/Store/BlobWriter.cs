using System.Security.Cryptography;
using Berth.Images.Spec;
using Berth.Images.Tar;
using Berth.Linux;

namespace Berth.Images.Store;

/// <summary>
/// A blob on its way into the store: bytes go to a staging file and into a hash at once. Only <see cref="IngestSession.Commit"/>
/// gives it a name; dropped before that, nothing of it stays.
/// </summary>
internal sealed class BlobWriter : Stream
{
    private const long WatermarkStep = 16 << 20;

    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly DiskWatermark _watermark;
    private long _length, _nextCheck;
    private bool _committed;

    public BlobWriter(StorePaths paths, ArchiveLimits limits)
    {
        StagingPath = paths.NewStaging("blob");
        _watermark = new DiskWatermark(paths.Staging, limits.MinFreeBytes);
        _file = new FileStream(StagingPath, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Read,
            BufferSize = 1 << 17,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
    }

    public string StagingPath { get; }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _length;

    public override long Position { get => _length; set => throw new NotSupportedException(); }

    /// <summary>Ends the content and makes it durable under its staging name.</summary>
    public Descriptor Finish(string? mediaType = null)
    {
        _file.Flush(flushToDisk: true);
        return new Descriptor { MediaType = mediaType, Digest = Digest.FromHash(_hash.GetCurrentHash()), Size = _length };
    }

    /// <summary>The staging file was renamed into the store, so it is no longer this object's to delete.</summary>
    public void Committed() => _committed = true;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if ((_length += buffer.Length) >= _nextCheck)
        {
            _watermark.Check();
            _nextCheck = _length + WatermarkStep;
        }
        _hash.AppendData(buffer);
        _file.Write(buffer);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    // The file system takes the bytes at memory speed; a thread switch for each write would cost more.
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        Write(buffer.AsSpan(offset, count));
        return Task.CompletedTask;
    }

    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
            try
            {
                _file.Dispose();
            }
            finally
            {
                if (!_committed)
                {
                    Libc.TryUnlinkAt(null, StagingPath);
                }
            }
        }
        base.Dispose(disposing);
    }
}
