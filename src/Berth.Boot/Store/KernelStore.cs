using System.Security.Cryptography;
using System.Text.Json;
using Berth.Boot.Kernels;

namespace Berth.Boot.Store;

/// <summary>Kernels on disk, one folder each: the file, what is known of it, and its modules. A folder appears complete or not at all.</summary>
public sealed class KernelStore
{
    /// <summary>Name of the kernel that machines boot unless told otherwise: Debian's cloud kernel.</summary>
    public const string DefaultName = "debian-cloud";

    private const string KernelFile = "kernel";
    private const string EntryFile = "kernel.json";
    private const string StagingPrefix = ".new-";

    private readonly string _root;
    private readonly TimeProvider _time;

    private KernelStore(string root, TimeProvider time) => (_root, _time) = (root, time);

    /// <summary>Opens the store in a folder, made if missing.</summary>
    public static KernelStore Open(string root, TimeProvider time)
    {
        Directory.CreateDirectory(root);
        return new KernelStore(Path.GetFullPath(root), time);
    }

    /// <summary>All kernels by name.</summary>
    public IReadOnlyList<KernelEntry> List() =>
        [.. Directory.GetDirectories(_root).Where(d => !Path.GetFileName(d).StartsWith('.')).Select(ReadEntry).OfType<KernelEntry>().OrderBy(e => e.Name, StringComparer.Ordinal)];

    /// <summary>Reads and verifies a kernel.</summary>
    /// <exception cref="BootException">There is none of that name, or its file changed since it came.</exception>
    public StoredKernel Get(string name)
    {
        string folder = Folder(name);
        KernelEntry entry = ReadEntry(folder) ?? throw new BootException(BootErrorCode.NotFound, $"no kernel named {name}; see `berth kernel ls`");
        string file = Path.Combine(folder, KernelFile);
        byte[] bytes = File.ReadAllBytes(file);
        if (!Digest(bytes).Equals(entry.Sha256, StringComparison.Ordinal))
            throw new BootException(BootErrorCode.Corrupt, $"kernel {name}: its file changed since it was stored; remove it and import it again");
        string modules = Path.Combine(folder, "modules", entry.Version);
        return new StoredKernel(entry, KernelImage.Parse(bytes), file, Directory.Exists(modules) ? modules : null);
    }

    /// <summary>Debian's cloud kernel; fetched through apt the first time, and again when the stored one is damaged.</summary>
    public async Task<StoredKernel> GetDefaultAsync(IProgress<string>? progress, CancellationToken cancellation)
    {
        await using FileStream held = await LockAsync(cancellation);
        if (Directory.Exists(Folder(DefaultName)))
        {
            try
            {
                return Get(DefaultName);
            }
            catch (BootException)
            {
                progress?.Report("The stored kernel is damaged and is fetched again");
            }
        }
        string staging = Stage();
        try
        {
            string package = await DebianKernel.FetchAsync(staging, progress, cancellation);
            string unpacked = Path.Combine(staging, "package");
            string kernel = Directory.GetFiles(Path.Combine(unpacked, "boot"), "vmlinuz-*").FirstOrDefault()
                ?? throw new BootException(BootErrorCode.Host, $"{package} holds no /boot/vmlinuz");
            KernelEntry entry = Describe(DefaultName, await File.ReadAllBytesAsync(kernel, cancellation), package);
            File.Move(kernel, Path.Combine(staging, KernelFile));
            string modules = ((string[])["lib/modules", "usr/lib/modules"]).Select(path => Path.Combine(unpacked, path)).FirstOrDefault(Directory.Exists)
                ?? throw new BootException(BootErrorCode.Host, $"{package} holds no modules");
            Directory.Move(modules, Path.Combine(staging, "modules"));
            Directory.Delete(unpacked, recursive: true);
            Publish(staging, entry);
        }
        finally
        {
            if (Directory.Exists(staging)) Directory.Delete(staging, recursive: true);
        }
        return Get(DefaultName);
    }

    /// <summary>Takes a kernel file in under a name, replacing an earlier one.</summary>
    /// <param name="name">Letters, digits, '.', '-', '_'.</param>
    /// <param name="path">The file.</param>
    /// <param name="source">Where it came from, for people.</param>
    /// <param name="cancellation">Gives up; nothing stays.</param>
    /// <exception cref="BootException">The file is no kernel that this machine starts.</exception>
    public async Task<KernelEntry> ImportAsync(string name, string path, string source, CancellationToken cancellation)
    {
        _ = Folder(name);
        byte[] bytes = new FileInfo(path) is { Length: > KernelImage.MaxSize } file
            ? throw new BootException(BootErrorCode.NotAKernel, $"{path}: {file.Length} bytes are more than a kernel has")
            : await File.ReadAllBytesAsync(path, cancellation);
        KernelEntry entry = Describe(name, bytes, source);
        await using FileStream held = await LockAsync(cancellation);
        string staging = Stage();
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(staging, KernelFile), bytes, cancellation);
            Publish(staging, entry);
        }
        finally
        {
            if (Directory.Exists(staging)) Directory.Delete(staging, recursive: true);
        }
        return entry;
    }

    /// <summary>Removes a kernel; running machines do not need it.</summary>
    public async Task RemoveAsync(string name, CancellationToken cancellation)
    {
        await using FileStream held = await LockAsync(cancellation);
        string folder = Folder(name);
        if (!Directory.Exists(folder)) throw new BootException(BootErrorCode.NotFound, $"no kernel named {name}; see `berth kernel ls`");
        Directory.Delete(folder, recursive: true);
    }

    private KernelEntry Describe(string name, byte[] bytes, string source)
    {
        KernelImage image = KernelImage.Parse(bytes);
        return new() { Name = name, Version = image.Version ?? "", Format = image.Format, Sha256 = Digest(bytes), Size = bytes.Length, Source = source, Added = _time.GetUtcNow() };
    }

    private string Stage()
    {
        foreach (string old in Directory.GetDirectories(_root, StagingPrefix + "*")) Directory.Delete(old, recursive: true);
        return Directory.CreateDirectory(Path.Combine(_root, StagingPrefix + Guid.NewGuid().ToString("N"))).FullName;
    }

    private void Publish(string staging, KernelEntry entry)
    {
        File.WriteAllText(Path.Combine(staging, EntryFile), JsonSerializer.Serialize(entry, KernelJson.Default.KernelEntry));
        string folder = Folder(entry.Name);
        if (Directory.Exists(folder)) Directory.Move(folder, Path.Combine(_root, StagingPrefix + "old-" + Guid.NewGuid().ToString("N")));
        Directory.Move(staging, folder);
    }

    private string Folder(string name)
    {
        if (name.Length is 0 or > 64 || name[0] == '.' || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
            throw new BootException(BootErrorCode.NotFound, $"\"{name}\" is no name for a kernel: letters, digits, '.', '-' and '_', at most 64");
        return Path.Combine(_root, name);
    }

    private static KernelEntry? ReadEntry(string folder)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(Path.Combine(folder, EntryFile)), KernelJson.Default.KernelEntry);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    // Other processes fetch or import at the same time: one after the other.
    private async Task<FileStream> LockAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return new FileStream(Path.Combine(_root, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), _time, cancellation);
            }
        }
    }

    private static string Digest(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
