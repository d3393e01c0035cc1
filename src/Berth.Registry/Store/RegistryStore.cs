using System.Text;
using Berth.Images;
using Berth.Linux;
using Berth.Registry.Http;

namespace Berth.Registry.Store;

/// <summary>What repositories have, on disk. At any instant a tag or manifest is there whole, with all it names, or not at all.</summary>
internal sealed class RegistryStore : IDisposable
{
    private readonly FileLock _lock;

    /// <exception cref="IOException">Another process has it open.</exception>
    public RegistryStore(string root, TimeProvider time)
    {
        Paths = new RegistryPaths(root);
        Time = time;
        foreach (string folder in (string[])[Paths.Blobs, Paths.Repositories, Paths.Uploads, Paths.Staging])
        {
            DurableFile.CreateFolder(folder);
        }
        _lock = FileLock.TryTake(Paths.Lock) ?? throw new IOException($"another process serves or collects {Paths.Root}");
        foreach (string left in Directory.GetFiles(Paths.Staging))
        {
            File.Delete(left);
        }
    }

    public RegistryPaths Paths { get; }

    public TimeProvider Time { get; }

    /// <summary>Guards every change of what repositories have, a collection among them; nothing long is done under it but a collection.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Whether a repository was ever pushed to.</summary>
    public bool HasRepository(string repository) => Directory.Exists(Paths.Manifests(repository)) || Directory.Exists(Paths.BlobLinks(repository));

    /// <summary>Opens a blob of a repository; null when the repository does not have it.</summary>
    public FileStream? OpenBlob(string repository, Digest digest) => File.Exists(Paths.BlobLink(repository, digest)) ? TryOpen(Paths.Blob(digest)) : null;

    /// <summary>Keeps a blob that a client is about to refer to from being collected.</summary>
    public void Touch(string repository, Digest digest)
    {
        try
        {
            File.SetLastWriteTimeUtc(Paths.BlobLink(repository, digest), Time.GetUtcNow().UtcDateTime);
        }
        catch (FileNotFoundException)
        {
            // Deleted this instant; the client finds out.
        }
    }

    /// <summary>Gives a repository a blob that another one has; false when that one does not.</summary>
    public bool Mount(string repository, string? from, Digest digest)
    {
        lock (Gate)
        {
            if (from is null || !File.Exists(Paths.BlobLink(from, digest)) || !File.Exists(Paths.Blob(digest)))
            {
                return false;
            }
            DurableFile.Write(Paths, Paths.BlobLink(repository, digest), []);
            return true;
        }
    }

    /// <summary>Takes a flushed file, whose digest was checked, as a blob of a repository.</summary>
    public void Adopt(string repository, Digest digest, string path)
    {
        lock (Gate)
        {
            if (File.Exists(Paths.Blob(digest)))
            {
                File.Delete(path);
            }
            else
            {
                DurableFile.Move(path, Paths.Blob(digest));
            }
            DurableFile.Write(Paths, Paths.BlobLink(repository, digest), []);
        }
    }

    /// <summary>Takes a blob from a repository; false when it had none. The content stays until a collection.</summary>
    public bool RemoveBlob(string repository, Digest digest)
    {
        lock (Gate)
        {
            return DurableFile.Remove(Paths.BlobLink(repository, digest));
        }
    }

    /// <summary>The digest that a tag stands for, or null.</summary>
    public Digest? Resolve(string repository, string tag) => Digest.TryParse(TryRead(Paths.Tag(repository, tag)), out Digest digest) ? digest : null;

    /// <summary>Opens a manifest of a repository; null when it is not there.</summary>
    public (FileStream Content, string MediaType)? OpenManifest(string repository, Digest digest) =>
        TryRead(Paths.Manifest(repository, digest)) is { } type && TryOpen(Paths.Blob(digest)) is { } content ? (content, type) : null;

    /// <summary>Stores a manifest, and a tag for it unless null, if everything it names is in the repository.</summary>
    /// <exception cref="RegistryException">Something is not.</exception>
    public void PutManifest(string repository, ManifestContent manifest, ReadOnlySpan<byte> json, string? tag)
    {
        lock (Gate)
        {
            foreach (Digest blob in manifest.Blobs.Where(blob => !File.Exists(Paths.BlobLink(repository, blob)) || !File.Exists(Paths.Blob(blob))))
            {
                throw RegistryException.ManifestBlobUnknown(blob);
            }
            foreach (Digest child in manifest.Children.Where(child => !File.Exists(Paths.Manifest(repository, child))))
            {
                throw RegistryException.ManifestBlobUnknown(child);
            }
            if (!File.Exists(Paths.Blob(manifest.Digest)))
            {
                DurableFile.Write(Paths, Paths.Blob(manifest.Digest), json);
            }
            if (manifest.Subject is { } subject)
            {
                DurableFile.Write(Paths, Path.Combine(Paths.Referrers(repository, subject), manifest.Digest.Hex), manifest.Descriptor);
            }
            DurableFile.Write(Paths, Paths.Manifest(repository, manifest.Digest), Encoding.UTF8.GetBytes(manifest.MediaType));
            if (tag is not null)
            {
                DurableFile.Write(Paths, Paths.Tag(repository, tag), Encoding.ASCII.GetBytes(manifest.Digest.ToString()));
            }
        }
    }

    /// <summary>Removes a tag alone; false when there was none.</summary>
    public bool RemoveTag(string repository, string tag)
    {
        lock (Gate)
        {
            return DurableFile.Remove(Paths.Tag(repository, tag));
        }
    }

    /// <summary>Removes a manifest with its tags; false when there was none.</summary>
    public bool RemoveManifest(string repository, Digest digest)
    {
        lock (Gate)
        {
            if (!File.Exists(Paths.Manifest(repository, digest)))
            {
                return false;
            }
            foreach (string tag in Tags(repository).Where(tag => Resolve(repository, tag) == digest).ToArray())
            {
                DurableFile.Remove(Paths.Tag(repository, tag));
            }
            if (ReadManifest(digest)?.Subject is { } subject)
            {
                DurableFile.Remove(Path.Combine(Paths.Referrers(repository, subject), digest.Hex));
            }
            return DurableFile.Remove(Paths.Manifest(repository, digest));
        }
    }

    /// <summary>Tags of a repository in the order of their bytes.</summary>
    public IReadOnlyList<string> Tags(string repository) => Sorted(Paths.Tags(repository));

    /// <summary>Digests of a repository's manifests, in order.</summary>
    public IReadOnlyList<Digest> Manifests(string repository) => [.. Sorted(Paths.Manifests(repository)).Select(hex => Digest.Parse("sha256:" + hex))];

    /// <summary>Descriptors of the manifests that name a subject, by their digests, as JSON.</summary>
    public IEnumerable<(string Digest, byte[] Descriptor)> Referrers(string repository, Digest subject)
    {
        string folder = Paths.Referrers(repository, subject);
        foreach (string hex in Sorted(folder))
        {
            // Written before the manifest's own entry: after a crash in between it counts for nothing.
            if (File.Exists(Paths.Manifest(repository, Digest.Parse("sha256:" + hex))) && TryRead(Path.Combine(folder, hex)) is { } json)
            {
                yield return ("sha256:" + hex, Encoding.UTF8.GetBytes(json));
            }
        }
    }

    /// <summary>Names of all repositories with something in them, in the order of their bytes.</summary>
    public IReadOnlyList<string> RepositoryNames()
    {
        var names = new List<string>();
        Walk(Paths.Repositories, "", names);
        names.Sort(StringComparer.Ordinal);
        return names;
    }

    /// <summary>Reads what a stored manifest names; null when its content is not there.</summary>
    public ManifestContent? ReadManifest(Digest digest)
    {
        using FileStream? file = TryOpen(Paths.Blob(digest));
        if (file is null)
        {
            return null;
        }
        byte[] json = new byte[Math.Min(file.Length, ManifestContent.MaxBytes)];
        file.ReadExactly(json);
        return ManifestContent.Parse(json, null);
    }

    public void Dispose() => _lock.Dispose();

    private static void Walk(string folder, string name, List<string> names)
    {
        bool holds = false;
        foreach (string child in Directory.GetDirectories(folder).Select(path => Path.GetFileName(path)!))
        {
            if (child.StartsWith('_'))
            {
                holds = holds || child is "_manifests" or "_blobs";
            }
            else
            {
                Walk(Path.Combine(folder, child), name.Length == 0 ? child : $"{name}/{child}", names);
            }
        }
        if (holds)
        {
            names.Add(name);
        }
    }

    private static string[] Sorted(string folder)
    {
        try
        {
            string[] names = [.. Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path))];
            Array.Sort(names, StringComparer.Ordinal);
            return names;
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    private static FileStream? TryOpen(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static string? TryRead(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
