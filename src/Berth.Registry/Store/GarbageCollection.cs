using Berth.Images;

namespace Berth.Registry.Store;

/// <summary>
/// Deletes content that no repository needs. A blob that was pushed, mounted or asked for within <see cref="Keep"/> stays, because a
/// manifest that names it may be on its way; the changes themselves exclude each other by the store's gate.
/// </summary>
internal sealed class GarbageCollection(RegistryStore store, UploadStore uploads)
{
    /// <summary>Time in which a blob that no manifest names is left alone.</summary>
    public TimeSpan Keep { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Also remove manifests without a tag that no tagged index names and that refer to no manifest that stays.</summary>
    public bool DeleteUntagged { get; init; }

    /// <summary>Runs to the end.</summary>
    public CollectedGarbage Run()
    {
        (int uploadCount, long bytes) = uploads.RemoveOld();
        int manifests = 0, blobs = 0;
        lock (store.Gate)
        {
            var live = new HashSet<Digest>();
            foreach (string repository in store.RepositoryNames())
            {
                manifests += DeleteUntagged ? RemoveUntagged(repository) : 0;
                MarkRepository(repository, live);
            }
            foreach (string file in Directory.EnumerateDirectories(store.Paths.Blobs).SelectMany(Directory.EnumerateFiles).ToArray())
            {
                if (!Digest.TryParse("sha256:" + Path.GetFileName(file), out Digest digest) || !live.Contains(digest))
                {
                    bytes += new FileInfo(file).Length;
                    blobs++;
                    File.Delete(file);
                }
            }
        }
        return new CollectedGarbage(blobs, manifests, uploadCount, bytes);
    }

    private void MarkRepository(string repository, HashSet<Digest> live)
    {
        var named = new HashSet<Digest>();
        foreach (Digest manifest in store.Manifests(repository))
        {
            live.Add(manifest);
            if (store.ReadManifest(manifest) is { } content)
            {
                named.UnionWith(content.Blobs);
            }
        }
        live.UnionWith(named);
        DateTime limit = (store.Time.GetUtcNow() - Keep).UtcDateTime;
        string links = store.Paths.BlobLinks(repository);
        foreach (FileInfo link in Directory.Exists(links) ? new DirectoryInfo(links).GetFiles() : [])
        {
            if (!Digest.TryParse("sha256:" + link.Name, out Digest digest) || named.Contains(digest))
            {
                continue;
            }
            if (link.LastWriteTimeUtc > limit)
            {
                live.Add(digest);
            }
            else
            {
                link.Delete();
            }
        }
    }

    private int RemoveUntagged(string repository)
    {
        Dictionary<Digest, ManifestContent> all = store.Manifests(repository).Select(store.ReadManifest).OfType<ManifestContent>().ToDictionary(content => content.Digest);
        var stays = new HashSet<Digest>();
        var next = new Queue<Digest>(store.Tags(repository).Select(tag => store.Resolve(repository, tag)).OfType<Digest>());
        ILookup<Digest, Digest> referrers = all.Values.Where(content => content.Subject is not null).ToLookup(content => content.Subject!.Value, content => content.Digest);
        while (next.TryDequeue(out Digest digest))
        {
            if (stays.Add(digest) && all.TryGetValue(digest, out ManifestContent? content))
            {
                foreach (Digest other in content.Children.Concat(referrers[digest]))
                {
                    next.Enqueue(other);
                }
            }
        }
        DateTime limit = (store.Time.GetUtcNow() - Keep).UtcDateTime;
        Digest[] gone = [.. all.Keys.Where(digest => !stays.Contains(digest) && File.GetLastWriteTimeUtc(store.Paths.Manifest(repository, digest)) <= limit)];
        foreach (Digest digest in gone)
        {
            store.RemoveManifest(repository, digest);
        }
        return gone.Length;
    }
}
