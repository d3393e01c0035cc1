using Berth.Images.Spec;
using Berth.Linux;

namespace Berth.Images.Store;

/// <summary>
/// Content being added. What it writes is pinned, so that no collection takes it before a root points at it; when the session
/// ends without such a root, the next collection does.
/// </summary>
internal sealed class IngestSession(StoreContent content) : IDisposable
{
    private readonly HashSet<Digest> _pins = [];

    public StoreContent Content { get; } = content;

    /// <summary>Keeps a blob or layer from being collected until the session ends.</summary>
    public void Pin(Digest digest)
    {
        lock (Content.Gate)
        {
            if (_pins.Add(digest))
            {
                Content.Pins[digest] = Content.Pins.GetValueOrDefault(digest) + 1;
            }
        }
    }

    public BlobWriter NewBlob() => new(Content.Paths, Content.Limits);

    /// <summary>Gives the blob its name. With <paramref name="expected"/>, other content is refused.</summary>
    public Descriptor Commit(BlobWriter writer, string? mediaType, Digest? expected = null)
    {
        Descriptor blob = writer.Finish(mediaType);
        if (expected is { } digest && blob.Digest != digest)
        {
            throw ImageException.BadArchive($"content has digest {blob.Digest}, but {digest} was announced");
        }
        Adopt(writer.StagingPath, blob.Digest);
        writer.Committed();
        return blob;
    }

    /// <summary>Stores bytes.</summary>
    public Descriptor Add(ReadOnlySpan<byte> bytes, string? mediaType)
    {
        using BlobWriter writer = NewBlob();
        writer.Write(bytes);
        return Commit(writer, mediaType);
    }

    /// <summary>Renames a flushed file, whose digest the caller has computed while writing it, into the store.</summary>
    public void Adopt(string path, Digest digest)
    {
        Pin(digest);
        Libc.RenameAt(null, path, null, Content.Paths.Blob(digest));
        StoreCatalog.SyncDirectory(Content.Paths.Blobs);
    }

    public void Dispose()
    {
        lock (Content.Gate)
        {
            foreach (Digest digest in _pins)
            {
                if (--Content.Pins[digest] == 0)
                {
                    Content.Pins.Remove(digest);
                }
            }
            _pins.Clear();
        }
    }
}
