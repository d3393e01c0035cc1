namespace Berth.Images.Store;

/// <summary>
/// Downloads that broke off, by the digest they will have, so that the next one goes on where the last ended. They survive restarts,
/// within bounds: what is old or too much goes when the store is opened, and a prune takes everything that is not being written.
/// </summary>
internal sealed class PartialBlobs(StorePaths paths, TimeProvider time)
{
    private const long MaxBytes = 16L << 30;
    private static readonly TimeSpan MaxAge = TimeSpan.FromDays(7);

    private readonly HashSet<Digest> _open = [];

    /// <summary>Opens the partial blob of that digest, empty when there is none. One holder at a time, by <see cref="StoreContent.Downloading"/>.</summary>
    public PartialBlob Open(Digest digest)
    {
        lock (_open)
        {
            _open.Add(digest);
        }
        try
        {
            return new PartialBlob(paths.PartialBlob(digest), digest, () => Close(digest));
        }
        catch
        {
            Close(digest);
            throw;
        }
    }

    /// <summary>Removes what is too old and, oldest first, what is too much.</summary>
    public void Trim()
    {
        long kept = 0;
        foreach (FileInfo file in new DirectoryInfo(paths.Partials).GetFiles().OrderByDescending(file => file.LastWriteTimeUtc))
        {
            if (time.GetUtcNow() - file.LastWriteTimeUtc > MaxAge || kept + file.Length > MaxBytes)
            {
                file.Delete();
            }
            else
            {
                kept += file.Length;
            }
        }
    }

    /// <summary>Removes everything that nobody is writing; returns the bytes freed.</summary>
    public long Clear()
    {
        long freed = 0;
        lock (_open)
        {
            foreach (FileInfo file in new DirectoryInfo(paths.Partials).GetFiles())
            {
                if (!Digest.TryParse("sha256:" + file.Name, out Digest digest) || !_open.Contains(digest))
                {
                    freed += file.Length;
                    file.Delete();
                }
            }
        }
        return freed;
    }

    private void Close(Digest digest)
    {
        lock (_open)
        {
            _open.Remove(digest);
        }
    }
}
