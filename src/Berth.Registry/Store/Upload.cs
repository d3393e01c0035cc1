using System.Security.Cryptography;
using Berth.Images;
using Berth.Registry.Http;

namespace Berth.Registry.Store;

/// <summary>One upload: a file that grows at its end, hashed as it does. One request at a time.</summary>
internal sealed class Upload(string path, long maxBytes)
{
    private IncrementalHash? _hash;
    private int _busy;

    /// <summary>Bytes there are.</summary>
    public long Length => new FileInfo(path).Length;

    public bool TryEnter() => Interlocked.CompareExchange(ref _busy, 1, 0) == 0;

    public void Leave() => Volatile.Write(ref _busy, 0);

    /// <summary>Appends a body. What arrived before a connection broke stays.</summary>
    /// <exception cref="RegistryException">The blob would become larger than allowed.</exception>
    public async Task AppendAsync(Stream body, CancellationToken cancellation)
    {
        IncrementalHash hash = Hash();
        try
        {
            await using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, 0);
            byte[] buffer = new byte[128 << 10];
            for (long length = file.Length; await body.ReadAsync(buffer, cancellation) is > 0 and int count;)
            {
                if ((length += count) > maxBytes)
                {
                    throw new RegistryException(413, "SIZE_INVALID", $"a blob has at most {maxBytes} bytes here");
                }
                file.Write(buffer, 0, count);
                hash.AppendData(buffer, 0, count);
            }
        }
        catch (IOException)
        {
            Drop(); // file and hash may differ now; the hash is made again from the file
            throw;
        }
    }

    /// <summary>Flushes the content and returns its digest.</summary>
    public Digest Finish()
    {
        Digest digest = Digest.FromHash(Hash().GetCurrentHash());
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.Read, 0);
        file.Flush(flushToDisk: true);
        return digest;
    }

    /// <summary>Forgets the hash.</summary>
    public void Drop()
    {
        _hash?.Dispose();
        _hash = null;
    }

    private IncrementalHash Hash()
    {
        if (_hash is null)
        {
            _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using FileStream file = File.OpenRead(path);
            byte[] buffer = new byte[256 << 10];
            while (file.Read(buffer) is > 0 and int count)
            {
                _hash.AppendData(buffer, 0, count);
            }
        }
        return _hash;
    }
}
