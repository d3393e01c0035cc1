using System.Security.Cryptography;
using Berth.Linux;

namespace Berth.Images.Store;

/// <summary>The beginning of a blob on disk, hashed as it grows. Disposed unfinished, it stays for the next try.</summary>
internal sealed class PartialBlob : IDisposable
{
    private readonly Digest _expected;
    private readonly FileStream _file;
    private readonly Action _closed;
    private IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool _doomed;

    public PartialBlob(string path, Digest expected, Action closed)
    {
        Path = path;
        _expected = expected;
        _closed = closed;
        _file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Read | FileShare.Delete,
            BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        byte[] buffer = new byte[256 << 10];
        while (_file.Read(buffer) is > 0 and int count)
        {
            _hash.AppendData(buffer, 0, count);
        }
    }

    public string Path { get; }

    /// <summary>Bytes there are.</summary>
    public long Length => _file.Position;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        _file.Write(bytes);
        _hash.AppendData(bytes);
    }

    /// <summary>Begins anew.</summary>
    public void Restart()
    {
        _file.SetLength(0);
        _file.Position = 0;
        _hash.Dispose();
        _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    }

    /// <summary>Makes the content durable and checks it; the caller moves the file into the store.</summary>
    /// <exception cref="ImageException">It is other content than announced; then nothing of it is kept.</exception>
    public void Finish()
    {
        Digest actual = Digest.FromHash(_hash.GetCurrentHash());
        if (actual != _expected)
        {
            _doomed = true;
            throw ImageException.BadArchive($"a downloaded blob has digest {actual}, but {_expected} was announced");
        }
        _file.Flush(flushToDisk: true);
    }

    /// <summary>What is there is not to be kept.</summary>
    public void Doom() => _doomed = true;

    public void Dispose()
    {
        _hash.Dispose();
        _file.Dispose();
        if (_doomed)
        {
            Libc.TryUnlinkAt(null, Path);
        }
        _closed();
    }
}
