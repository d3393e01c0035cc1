using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace Berth.Guest.Initrd;

/// <summary>Makes the initial root of a machine: the agent as <c>/init</c>, and the modules its kernel needs to find disks and channel.</summary>
public sealed class InitrdBuilder(string cacheDirectory)
{
    private const int FormatVersion = 1;

    /// <summary>Modules every machine loads when its kernel has them not built in.</summary>
    public static IReadOnlyList<string> DefaultModules { get; } =
        ["virtio_pci", "virtio_blk", "virtio_console", "virtio_net", "virtio_rng", "virtio_balloon", "erofs", "ext4", "overlay"];

    /// <summary>The module of a machine with shared folders.</summary>
    public const string SharedFoldersModule = "virtiofs";

    /// <summary>Path of the initrd for this agent and these modules; made when it is not in the cache yet.</summary>
    /// <param name="agent">The agent's static program.</param>
    /// <param name="modules">The kernel's modules.</param>
    /// <param name="names">Modules to load, in this order, each after what it depends on.</param>
    /// <exception cref="InitrdException">A module or the agent is missing.</exception>
    public string Build(string agent, KernelModules modules, IReadOnlyList<string> names)
    {
        byte[] program = Read(agent);
        List<(string Name, byte[] Content)> files = [.. modules.InOrder(names).Select(path => (ModuleName(path), ReadModule(path)))];
        string path = Path.Combine(cacheDirectory, Key(program, files) + ".cpio");
        if (File.Exists(path))
        {
            return path;
        }
        Directory.CreateDirectory(cacheDirectory);
        string temporary = Path.Combine(cacheDirectory, $".new-{Guid.NewGuid():n}");
        try
        {
            using (FileStream output = new(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                Write(output, program, files);
                output.Flush(flushToDisk: true);
            }
            // Whoever comes second replaces the same content.
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
        return path;
    }

    private static void Write(Stream output, byte[] program, List<(string Name, byte[] Content)> files)
    {
        var archive = new CpioWriter(output);
        foreach (string directory in (string[])["dev", "proc", "sys", "berth", "berth/lib"])
        {
            archive.AddDirectory(directory);
        }
        // Before devtmpfs is mounted, the kernel opens this for process 1.
        archive.AddCharacterDevice("dev/console", 0x180, 5, 1);
        archive.AddFile("init", program, 0x1ED);
        foreach ((string name, byte[] content) in files)
        {
            archive.AddFile("berth/lib/" + name, content);
        }
        archive.AddFile("berth/modules", Encoding.UTF8.GetBytes(string.Concat(files.Select(file => $"/berth/lib/{file.Name}\n"))));
        archive.Finish();
    }

    private static string Key(byte[] program, List<(string Name, byte[] Content)> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([FormatVersion]);
        hash.AppendData(SHA256.HashData(program));
        foreach ((string name, byte[] content) in files)
        {
            hash.AppendData(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
            hash.AppendData(SHA256.HashData(content));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string ModuleName(string path)
    {
        string name = Path.GetFileName(path);
        return name[..(name.IndexOf(".ko", StringComparison.Ordinal) + 3)];
    }

    // The kernel loads plain modules; a guest spends no time on decompressing what the host can decompress once.
    private static byte[] ReadModule(string path)
    {
        byte[] bytes = Read(path);
        if (path.EndsWith(".gz", StringComparison.Ordinal))
        {
            using var plain = new MemoryStream();
            using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
            gzip.CopyTo(plain);
            bytes = plain.ToArray();
        }
        return bytes.AsSpan().StartsWith("\x7f"u8) && bytes.AsSpan(1).StartsWith("ELF"u8)
            ? bytes
            : throw new InitrdException($"{path} is not a plain or gzip-compressed module; decompress it (xz -d, zstd -d) and run depmod(8)");
    }

    private static byte[] Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (IOException e)
        {
            throw new InitrdException($"{path} cannot be read: {e.Message}", e);
        }
    }
}
