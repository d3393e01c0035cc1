using System.Collections.Concurrent;
using Berth.Images;
using Berth.Registry.Http;

namespace Berth.Registry.Store;

/// <summary>Uploads that are not blobs yet. They survive restarts and are forgotten a day after their last byte.</summary>
internal sealed class UploadStore(RegistryStore store, int maxUploads, long maxBlobBytes)
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromDays(1);

    private readonly ConcurrentDictionary<string, Upload> _open = new(StringComparer.Ordinal);

    /// <summary>Begins an upload and returns its id.</summary>
    /// <exception cref="RegistryException">Too many are open.</exception>
    public string Begin(string repository)
    {
        if (Directory.EnumerateDirectories(store.Paths.Uploads).Take(maxUploads).Count() >= maxUploads)
        {
            throw new RegistryException(429, "TOOMANYREQUESTS", $"{maxUploads} uploads are open already");
        }
        string id = Guid.NewGuid().ToString("n");
        DurableFile.CreateFolder(store.Paths.Upload(id));
        File.WriteAllText(store.Paths.UploadRepository(id), repository);
        File.WriteAllBytes(store.Paths.UploadData(id), []);
        return id;
    }

    /// <summary>Takes an upload of a repository for one request.</summary>
    /// <exception cref="RegistryException">There is none, or another request has it.</exception>
    public Upload Enter(string repository, string id)
    {
        if (!Guid.TryParseExact(id, "n", out _) || id.Any(char.IsAsciiLetterUpper) || !File.Exists(store.Paths.UploadRepository(id)) || File.ReadAllText(store.Paths.UploadRepository(id)) != repository)
        {
            throw new RegistryException(404, "BLOB_UPLOAD_UNKNOWN", "no such upload");
        }
        Upload upload = _open.GetOrAdd(id, name => new Upload(store.Paths.UploadData(name), maxBlobBytes));
        return upload.TryEnter() ? upload : throw new RegistryException(409, "BLOB_UPLOAD_INVALID", "another request writes to this upload");
    }

    /// <summary>Makes the content a blob of the repository if it is the announced one; the upload is over either way.</summary>
    /// <exception cref="RegistryException">It is other content.</exception>
    public void Complete(string repository, string id, Upload upload, Digest expected)
    {
        try
        {
            Digest actual = upload.Finish();
            if (actual != expected)
            {
                throw RegistryException.DigestInvalid($"the content has digest {actual}");
            }
            store.Adopt(repository, expected, store.Paths.UploadData(id));
        }
        finally
        {
            Forget(id);
        }
    }

    /// <summary>Gives an upload up.</summary>
    public void Forget(string id)
    {
        _open.TryRemove(id, out Upload? upload);
        upload?.Drop();
        if (Directory.Exists(store.Paths.Upload(id)))
        {
            Directory.Delete(store.Paths.Upload(id), recursive: true);
        }
    }

    /// <summary>Removes uploads that were left alone for a day; returns how many and their bytes.</summary>
    public (int Count, long Bytes) RemoveOld()
    {
        int count = 0;
        long bytes = 0;
        foreach (string id in Directory.GetDirectories(store.Paths.Uploads).Select(path => Path.GetFileName(path)!))
        {
            var data = new FileInfo(store.Paths.UploadData(id));
            DateTime last = data.Exists ? data.LastWriteTimeUtc : Directory.GetLastWriteTimeUtc(store.Paths.Upload(id));
            if (store.Time.GetUtcNow() - last <= MaxAge || (_open.TryGetValue(id, out Upload? upload) && !upload.TryEnter()))
            {
                continue;
            }
            (count, bytes) = (count + 1, bytes + (data.Exists ? data.Length : 0));
            Forget(id);
        }
        return (count, bytes);
    }
}
