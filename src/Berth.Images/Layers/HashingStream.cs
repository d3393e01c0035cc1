using System.Security.Cryptography;

namespace Berth.Images.Layers;

/// <summary>Hashes what is read from another stream.</summary>
internal sealed class HashingStream(Stream source) : ReadOnlyStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Digest of everything read so far.</summary>
    public Digest Current => Digest.FromHash(_hash.GetCurrentHash());

    public override int Read(Span<byte> buffer)
    {
        int count = source.Read(buffer);
        _hash.AppendData(buffer[..count]);
        return count;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = await source.ReadAsync(buffer, cancellationToken);
        _hash.AppendData(buffer.Span[..count]);
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
            source.Dispose();
        }
        base.Dispose(disposing);
    }
}
