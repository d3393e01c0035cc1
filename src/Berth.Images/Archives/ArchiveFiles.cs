using Berth.Images.Layers;
using Berth.Images.Spec;
using Berth.Images.Store;
using Berth.Images.Tar;

namespace Berth.Images.Archives;

/// <summary>
/// The files of an image archive by name, already stored as blobs: hashed on the way in, so that a wrong digest is seen before
/// anything is made of it.
/// </summary>
internal sealed class ArchiveFiles
{
    private const int MaxFiles = 20_000;
    private const string BlobPrefix = "blobs/sha256/";

    private readonly Dictionary<string, Descriptor> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _links = new(StringComparer.Ordinal);

    /// <summary>Reads a whole tar, plain or compressed.</summary>
    public static async Task<ArchiveFiles> ReadTarAsync(Stream archive, IngestSession session, CancellationToken cancellation)
    {
        var files = new ArchiveFiles();
        await using Stream tar = await Compression.OpenAsync(archive, session.Content.Limits, cancellation);
        using var reader = new TarReader(tar, session.Content.Limits) { RequireEndMark = true };
        while (await reader.ReadEntryAsync(cancellation) is { } entry)
        {
            string name = string.Join('/', ArchivePath.Split(entry.Name, entry.Name));
            if (files._files.Count + files._links.Count >= MaxFiles)
            {
                throw ImageException.BadArchive($"an image archive with more than {MaxFiles} files");
            }
            switch (entry.Type)
            {
                case TarEntryType.Directory:
                    break;
                case TarEntryType.SymbolicLink:
                    files._links[name] = Resolve(name, entry.LinkName) ?? throw ImageException.BadEntry(entry.Name, "its link target leaves the archive");
                    break;
                case TarEntryType.HardLink:
                    files._links[name] = string.Join('/', ArchivePath.Split(entry.LinkName, entry.Name));
                    break;
                case TarEntryType.File when entry.Sparse is null:
                    if (files._files.ContainsKey(name))
                    {
                        throw ImageException.BadEntry(entry.Name, "an earlier entry has the same name");
                    }
                    files._files[name] = await StoreAsync(name, reader, session, cancellation);
                    break;
                default:
                    throw ImageException.BadEntry(entry.Name, "an image archive holds only plain files, directories and links");
            }
        }
        await reader.DrainAsync(cancellation);
        return files;
    }

    /// <summary>Reads an OCI layout directory. [OCI-IMG] image-layout.md.</summary>
    public static async Task<ArchiveFiles> ReadDirectoryAsync(string directory, IngestSession session, CancellationToken cancellation)
    {
        var files = new ArchiveFiles();
        string blobs = Path.Combine(directory, "blobs", "sha256");
        IEnumerable<string> names = Directory.Exists(blobs) ? Directory.GetFiles(blobs).Select(path => BlobPrefix + Path.GetFileName(path)) : [];
        foreach (string name in names.Append("index.json").Append("oci-layout").Append("manifest.json"))
        {
            string path = Path.Combine(directory, name);
            if (!File.Exists(path))
            {
                continue;
            }
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.SequentialScan);
            using BlobWriter writer = session.NewBlob();
            await file.CopyToAsync(writer, 1 << 18, cancellation);
            files._files[name] = session.Commit(writer, null, Expected(name));
        }
        return files;
    }

    /// <summary>The file of that name; links are followed.</summary>
    public Descriptor? Find(string name)
    {
        for (int hops = 0; hops < 8; hops++)
        {
            if (_files.TryGetValue(name, out Descriptor? file))
            {
                return file;
            }
            if (!_links.TryGetValue(name, out string? target))
            {
                return null;
            }
            name = target;
        }
        return null;
    }

    /// <summary>The blob of that digest, as an OCI layout stores it or under any other name.</summary>
    public Descriptor? Find(Digest digest) => Find(BlobPrefix + digest.Hex) ?? _files.Values.FirstOrDefault(file => file.Digest == digest);

    private static async Task<Descriptor> StoreAsync(string name, TarReader reader, IngestSession session, CancellationToken cancellation)
    {
        using BlobWriter writer = session.NewBlob();
        while (await reader.ReadDataAsync(cancellation) is { IsEmpty: false } data)
        {
            writer.Write(data.Span);
        }
        return session.Commit(writer, null, Expected(name));
    }

    private static Digest? Expected(string name) => name.StartsWith(BlobPrefix, StringComparison.Ordinal)
        ? Digest.TryParse("sha256:" + name[BlobPrefix.Length..], out Digest digest) ? digest : throw ImageException.BadEntry(name, "a blob's file name must be its digest")
        : null;

    private static string? Resolve(string name, string target)
    {
        var parts = new List<string>(target.StartsWith('/') ? [] : name.Split('/')[..^1]);
        foreach (string part in target.Split('/').Where(part => part is not ("" or ".")))
        {
            if (part != "..")
            {
                parts.Add(part);
            }
            else if (parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else
            {
                return null;
            }
        }
        return string.Join('/', parts);
    }
}
