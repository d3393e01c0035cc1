using System.Formats.Tar;
using System.Security.Cryptography;
using Berth.Build;
using Berth.Build.Ignore;
using Berth.Cli.Api;
using Berth.Cli.Http;
using Berth.Linux;

namespace Berth.Cli.Building;

/// <summary>What a build gets: a directory without what its ignore file leaves out, packed while it is sent, or standard input.</summary>
internal sealed class ContextArchive : IDisposable
{
    private readonly Thread? _packer;
    private Exception? _failure;

    private ContextArchive(Stream content, string dockerfile)
    {
        Content = content;
        Dockerfile = dockerfile;
    }

    private ContextArchive(Action<TarWriter> pack, string dockerfile)
    {
        Dockerfile = dockerfile;
        var (read, write) = Libc.Pipe();
        Content = new DescriptorStream(read);
        _packer = new Thread(() => Pack(pack, write)) { IsBackground = true };
        _packer.Start();
    }

    /// <summary>The archive.</summary>
    public Stream Content { get; }

    /// <summary>Name of the Dockerfile in it.</summary>
    public string Dockerfile { get; }

    /// <summary>Opens a context.</summary>
    /// <param name="input">Standard input.</param>
    /// <param name="path">A directory, an address that the daemon fetches from, or <c>-</c> for an archive or a Dockerfile on standard input.</param>
    /// <param name="file">The Dockerfile: null for the one in the directory, <c>-</c> for standard input.</param>
    public static ContextArchive Open(FileDescriptor input, string path, string? file)
    {
        if (IsAddress(path))
        {
            return file == "-" ? throw new CliException("a Dockerfile on standard input needs a directory: clone the repository first") : new ContextArchive(Stream.Null, file ?? "Dockerfile");
        }
        if (path == "-")
        {
            return file == "-" ? throw new CliException("the context and the Dockerfile cannot both come from standard input") : FromInput(input, file);
        }
        if (file == "-")
        {
            return OpenWith(path, Rest(new DescriptorStream(new FileDescriptor(input.Number, ownsHandle: false))));
        }
        var root = Root(path);
        var dockerfile = Path.GetFullPath(file ?? Path.Combine(root, "Dockerfile"));
        if (!File.Exists(dockerfile))
        {
            throw new CliException($"there is no file {file ?? Path.Combine(path, "Dockerfile")}: give the Dockerfile with -f");
        }
        var inside = Path.GetRelativePath(root, dockerfile);
        return inside.StartsWith("../", StringComparison.Ordinal)
            ? new ContextArchive(Directories(root, File.ReadAllBytes(dockerfile), out var outside), outside)
            : new ContextArchive(tar => AddAll(tar, root, inside), inside);
    }

    /// <summary>Whether a context is not here.</summary>
    public static bool IsAddress(string path) => path.Contains("://", StringComparison.Ordinal) || path.StartsWith("git@", StringComparison.Ordinal);

    /// <summary>Opens a directory with a Dockerfile that is not in it.</summary>
    public static ContextArchive OpenWith(string path, byte[] dockerfile) => new(Directories(Root(path), dockerfile, out var made), made);

    /// <summary>Says why packing broke off, if it did.</summary>
    public void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            throw new CliException($"the build context cannot be read: {_failure.Message}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Content.Dispose();
        _packer?.Join();
    }

    private static string Root(string path)
    {
        if (IsAddress(path))
        {
            throw new CliException($"this needs a directory: fetch it first, as git clone {path}");
        }
        var root = Path.GetFullPath(path);
        return Directory.Exists(root) ? root : throw new CliException($"there is no directory {path}");
    }

    private static ContextArchive FromInput(FileDescriptor input, string? file)
    {
        if (Libc.IsTerminal(input))
        {
            throw new CliException("standard input is a terminal: pipe an archive or a Dockerfile into it");
        }
        DescriptorStream stream = new(new FileDescriptor(input.Number, ownsHandle: false));
        var start = new byte[512];
        start = start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        if (IsArchive(start))
        {
            return new ContextArchive(new JoinedStream(start, stream), file ?? "Dockerfile");
        }
        byte[] text = [.. start, .. Rest(stream)];
        return new ContextArchive(tar => AddText(tar, "Dockerfile", text), "Dockerfile");
    }

    private static byte[] Rest(Stream stream)
    {
        using MemoryStream all = new();
        stream.CopyTo(all);
        return all.ToArray();
    }

    private static bool IsArchive(ReadOnlySpan<byte> start) =>
        start.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]) || start.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD]) || start.StartsWith("BZh"u8) || start.StartsWith((ReadOnlySpan<byte>)[0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0])
        || (start.Length == 512 && (start[257..262].SequenceEqual("ustar"u8) || start.Contains((byte)0)));

    private static Action<TarWriter> Directories(string root, byte[] dockerfile, out string name)
    {
        var made = name = $".dockerfile.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}";
        return tar =>
        {
            AddText(tar, made, dockerfile);
            AddAll(tar, root, made);
        };
    }

    private static void AddAll(TarWriter tar, string root, string dockerfile) => Add(tar, root, "", Ignores(root, dockerfile), dockerfile);

    private static IgnoreFile Ignores(string root, string dockerfile)
    {
        foreach (var name in (string[])[dockerfile + ".dockerignore", ".dockerignore"])
        {
            if (File.Exists(Path.Combine(root, name)))
            {
                return IgnoreFile.Parse(name, File.ReadAllBytes(Path.Combine(root, name)));
            }
        }
        return IgnoreFile.Empty;
    }

    private static void Add(TarWriter tar, string directory, string name, IgnoreFile ignores, string dockerfile)
    {
        foreach (var child in new DirectoryInfo(directory).EnumerateFileSystemInfos().OrderBy(child => child.Name, StringComparer.Ordinal))
        {
            var path = name.Length == 0 ? child.Name : $"{name}/{child.Name}";
            // The daemon reads these two before it leaves out what is to be left out.
            var ignored = ignores.Ignores(path) && path != dockerfile && !path.EndsWith(".dockerignore", StringComparison.Ordinal);
            var isDirectory = child is DirectoryInfo && child.LinkTarget is null;
            if (!ignored)
            {
                AddEntry(tar, child, path);
            }
            if (isDirectory && (!ignored || ignores.MayKeepBelow(path) || dockerfile.StartsWith(path + "/", StringComparison.Ordinal)))
            {
                Add(tar, child.FullName, path, ignores, dockerfile);
            }
        }
    }

    // Sockets and devices mean nothing elsewhere.
    private static void AddEntry(TarWriter tar, FileSystemInfo info, string path)
    {
        if (info.LinkTarget is { } target)
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, path) { LinkName = target, ModificationTime = info.LastWriteTimeUtc });
        }
        else if (info is DirectoryInfo)
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, path + "/") { Mode = info.UnixFileMode, ModificationTime = info.LastWriteTimeUtc });
        }
        else if (Libc.TryStatAt(null, info.FullName, out var stat) == Errno.None && stat.IsRegularFile)
        {
            using FileStream file = new(info.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, path) { Mode = info.UnixFileMode, ModificationTime = info.LastWriteTimeUtc, DataStream = file });
        }
    }

    private static void AddText(TarWriter tar, string name, byte[] text) => tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(text) });

    private void Pack(Action<TarWriter> pack, FileDescriptor write)
    {
        try
        {
            using DescriptorStream output = new(write);
            using BufferedStream buffered = new(output, 64 * 1024);
            using TarWriter tar = new(buffered, TarEntryFormat.Pax);
            pack(tar);
        }
        catch (LinuxException)
        {
            // The reader went away; it knows why.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DockerfileException or ArgumentException)
        {
            _failure = e;
        }
    }
}
