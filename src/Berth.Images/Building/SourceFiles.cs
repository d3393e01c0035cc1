using System.Security.Cryptography;
using Berth.Images.Containers;
using Berth.Images.Layers;
using Berth.Images.Tar;
using Berth.Linux;

namespace Berth.Images.Building;

/// <summary>
/// What a COPY takes from a context or a stage. Paths are looked up inside that root alone, however its links and <c>..</c> lead.
/// The sources of an instruction follow links, what lies in a directory stays a link. [DOCKERFILE] "COPY".
/// </summary>
public sealed class SourceFiles
{
    private const int MaxSources = 100_000;

    private readonly FileDescriptor _root;
    private readonly List<SourceFile> _files = [];

    /// <summary>Finds the sources.</summary>
    /// <param name="root">The context's or stage's root; it must stay open.</param>
    /// <param name="patterns">Paths, perhaps with <c>*</c>, <c>?</c> and <c>[…]</c>.</param>
    /// <exception cref="ImageException">One of them matches nothing; the message quotes it.</exception>
    public SourceFiles(FileDescriptor root, IReadOnlyList<string> patterns)
    {
        _root = root;
        foreach (string pattern in patterns)
        {
            // [DOCKERFILE] "COPY --parents": what stands before /./ is not kept.
            int pivot = pattern.IndexOf("/./", StringComparison.Ordinal);
            string[] before = pivot < 0 ? [] : Parts(pattern[..pivot]), parts = [.. before, .. Parts(pivot < 0 ? pattern : pattern[pivot..])];
            int found = 0;
            foreach (string path in Expand(parts))
            {
                if (_files.Count == MaxSources)
                {
                    throw new ImageException(ImageErrorCode.InvalidParameter, $"more than {MaxSources} sources: copy their directory");
                }
                string resolved = ContainerPath.Resolve(root, path);
                if (TryOpen(resolved, out Libc.statx stat) is not { } node)
                {
                    continue;
                }
                node.Dispose();
                _files.Add(new SourceFile(resolved, path[(path.LastIndexOf('/') + 1)..], string.Join('/', path.Split('/').Skip(1 + before.Length)), stat.IsDirectory));
                found++;
            }
            if (found == 0)
            {
                throw new ImageException(ImageErrorCode.NotFound, $"\"{ImageException.Printable(pattern)}\": not found");
            }
        }
    }

    /// <summary>Digest of names, kinds, modes, owners and contents; not of times.</summary>
    public async Task<Digest> DigestAsync(CopyOptions options, CancellationToken cancellation)
    {
        using var hash = SHA256.Create();
        await using (var stream = new CryptoStream(Stream.Null, hash, CryptoStreamMode.Write))
        {
            await WriteAsync(_files, stream, options with { Latest = default(TarTime) }, (file, below) => below ? file.Kept : file.Name.Length == 0 ? "root" : file.Name, _ => true, cancellation);
        }
        return Digest.FromHash(hash.Hash!);
    }

    /// <summary>Copies into a root; missing directories are made, links among those that are there are followed inside the root.</summary>
    /// <param name="target">The root.</param>
    /// <param name="destination">Absolute path, normal; with a slash at its end it is a directory.</param>
    /// <param name="options">What changes on the way.</param>
    /// <param name="cancellation">Stops it half-way.</param>
    /// <exception cref="ImageException">Something is in the way.</exception>
    public async Task CopyAsync(FileDescriptor target, string destination, CopyOptions options, CancellationToken cancellation)
    {
        string place = destination.Trim('/');
        SourceFile[] archives = options.Unpacks ? [.. await ArchivesAsync(cancellation)] : [];
        SourceFile[] plain = [.. _files.Except(archives)];
        if (plain.Length > 0)
        {
            await CopyPlainAsync(plain, target, place, destination, options, cancellation);
        }
        foreach (SourceFile archive in archives)
        {
            await using FileStream tar = OpenFile(archive);
            await TarExtractor.ExtractAsync(tar, target, new TarExtractOptions { FollowsLinks = true, Below = place, Owner = options.Owner }, cancellation);
        }
    }

    private async Task CopyPlainAsync(SourceFile[] files, FileDescriptor target, string place, string destination, CopyOptions options, CancellationToken cancellation)
    {
        bool exists, isDirectory;
        using (FileDescriptor? there = PathWalker.TryOpenInRoot(target, place, Libc.O_PATH, out _))
        {
            exists = there is not null;
            isDirectory = there is not null && Libc.Stat(there).IsDirectory;
        }
        bool asDirectory = destination.EndsWith('/') || isDirectory || _files.Count > 1 || options.KeepsParents;
        if (exists && !isDirectory && (asDirectory || files[0].IsDirectory))
        {
            throw new ImageException(ImageErrorCode.InvalidParameter, $"cannot copy to non-directory: {ImageException.Printable(destination)}");
        }
        var extract = new TarExtractOptions { FollowsLinks = true, NoOverwriteDirNonDir = true, Owner = options.Owner };
        await TarPipe.RunAsync(
            output => WriteAsync(files, output, options, (file, below) => below
                ? ExtractTarget.Join(place, file.Kept)
                : file.IsDirectory || !asDirectory ? place : ExtractTarget.Join(place, file.Name), _ => !exists && !destination.EndsWith('/'), cancellation),
            input => TarExtractor.ExtractAsync(input, target, extract, cancellation));
    }

    // Empty, too short or damaged files are no archives: they are copied.
    private async Task<List<SourceFile>> ArchivesAsync(CancellationToken cancellation)
    {
        var archives = new List<SourceFile>();
        foreach (SourceFile file in _files.Where(file => !file.IsDirectory))
        {
            using (FileDescriptor? node = TryOpen(file.Path, out Libc.statx stat))
            {
                if (!stat.IsRegularFile)
                {
                    continue;
                }
            }
            await using FileStream content = OpenFile(file);
            if (await Compression.IsTarAsync(content, ArchiveLimits.Default, cancellation))
            {
                archives.Add(file);
            }
        }
        return archives;
    }

    private FileStream OpenFile(SourceFile file)
    {
        using FileDescriptor node = PathWalker.OpenInRoot(_root, file.Path, Libc.O_PATH | Libc.O_NOFOLLOW);
        return new FileStream(node.ProcPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1, FileOptions.SequentialScan);
    }

    private async Task WriteAsync(IReadOnlyList<SourceFile> files, Stream output, CopyOptions options, Func<SourceFile, bool, string> nameOf, Func<SourceFile, bool> withSelf, CancellationToken cancellation)
    {
        await using var buffered = new BufferedStream(new NonClosingStream(output), 1 << 18);
        var writer = new TarWriter(buffered);
        var archiver = new TreeArchiver(writer, isUpper: false, options.Owner is { } owner ? (_, _) => owner : null)
        {
            Latest = options.Latest,
            Mode = options.Mode,
            Ignores = options.Excludes,
        };
        foreach (SourceFile file in files)
        {
            string name = nameOf(file, options.KeepsParents);
            (FileDescriptor parent, string child) = ContainerPath.OpenParent(_root, file.IsDirectory ? file.Path + "/" : file.Path);
            using (parent)
            {
                if (options.KeepsParents)
                {
                    await WriteParentsAsync(archiver, file, name, cancellation);
                }
                archiver.IgnoresBelow = file.IsDirectory ? name : ParentOf(name);
                if (file.IsDirectory)
                {
                    // Its root is never written: what is copied into keeps its own attributes.
                    if (name.Length > 0 && (options.KeepsParents || withSelf(file)))
                    {
                        await archiver.WriteDirectoryEntryAsync(parent, name, cancellation);
                    }
                    await archiver.WriteContentAsync(parent, name, cancellation);
                }
                else if (!options.Excludes.Ignores(name[(name.LastIndexOf('/') + 1)..]))
                {
                    await archiver.WriteAsync(parent, child, name, cancellation);
                }
            }
        }
        await writer.CompleteAsync(cancellation);
    }

    private async Task WriteParentsAsync(TreeArchiver archiver, SourceFile file, string name, CancellationToken cancellation)
    {
        string[] kept = file.Kept.Split('/');
        string place = name[..^Math.Min(name.Length, file.Kept.Length)].TrimEnd('/');
        string[] path = file.Path.Trim('/').Split('/');
        for (int i = 1; i < kept.Length; i++)
        {
            using FileDescriptor directory = ContainerPath.Open(_root, "/" + string.Join('/', path[..Math.Max(0, path.Length - kept.Length + i)]), file.Path);
            await archiver.WriteDirectoryEntryAsync(directory, ExtractTarget.Join(place, string.Join('/', kept[..i])), cancellation);
        }
    }

    private List<string> Expand(string[] parts)
    {
        List<string> paths = [""];
        foreach (string part in parts)
        {
            if (part.AsSpan().IndexOfAny("*?[") < 0)
            {
                string literal = part.Replace("\\", "", StringComparison.Ordinal);
                paths = [.. paths.Select(path => $"{path}/{literal}")];
                continue;
            }
            paths = [.. paths.SelectMany(path => Names(path).Where(name => GlobPattern.IsMatch(part, name)).Order(StringComparer.Ordinal).Select(name => $"{path}/{name}")).Take(MaxSources + 1)];
        }
        return paths;
    }

    private IEnumerable<string> Names(string path)
    {
        using FileDescriptor? directory = PathWalker.TryOpenInRoot(_root, path.Length == 0 ? "/" : path, Libc.O_RDONLY | Libc.O_DIRECTORY, out _);
        return directory is null ? [] : Libc.ReadDirectory(directory).Select(entry => entry.Name);
    }

    private FileDescriptor? TryOpen(string path, out Libc.statx stat)
    {
        FileDescriptor? node = PathWalker.TryOpenInRoot(_root, path, Libc.O_PATH | Libc.O_NOFOLLOW, out _);
        stat = node is null ? default : Libc.Stat(node);
        return node;
    }

    // By text alone, as Docker does it; a root's parent is the root.
    private static string[] Parts(string pattern)
    {
        if (pattern.Contains('\0', StringComparison.Ordinal))
        {
            throw new ImageException(ImageErrorCode.InvalidParameter, "a path holds a NUL character");
        }
        var parts = new List<string>();
        foreach (string part in pattern.Split('/').Where(part => part is not ("" or ".")))
        {
            if (part != "..")
            {
                parts.Add(part);
            }
            else if (parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
        }
        return [.. parts];
    }

    private static string ParentOf(string name) => name.LastIndexOf('/') is > 0 and int slash ? name[..slash] : "";
}
