using Berth.Boot.Kernels;
using Berth.Boot.Store;

namespace Berth.Engine.Machines;

/// <summary>Kernels for virtual machines. Errors are <see cref="EngineException"/>.</summary>
public sealed class KernelService
{
    private const string UploadPrefix = ".upload-";
    private readonly string _directory;
    private readonly KernelStore _store;

    internal KernelService(string directory, TimeProvider clock)
    {
        _directory = directory;
        _store = KernelStore.Open(directory, clock);
        foreach (string left in Directory.EnumerateFiles(directory, UploadPrefix + "*"))
            File.Delete(left);
    }

    /// <summary>All kernels by name.</summary>
    public IReadOnlyList<KernelView> List() => [.. _store.List().Select(View)];

    /// <summary>Fetches the default kernel through apt when it is not there.</summary>
    public async Task<KernelView> FetchDefaultAsync(IProgress<string>? progress, CancellationToken cancellationToken) =>
        View((await GetAsync(null, progress, cancellationToken)).Entry);

    /// <summary>Takes a kernel in under a name, replacing an earlier one.</summary>
    /// <param name="name">Letters, digits, '.', '-', '_'.</param>
    /// <param name="kernel">A bzImage or ELF file.</param>
    /// <param name="source">Where it came from, for people.</param>
    /// <param name="cancellationToken">Gives up; nothing stays.</param>
    public Task<KernelView> ImportAsync(string name, Stream kernel, string source, CancellationToken cancellationToken) => MachineErrors.TranslatedAsync(async () =>
    {
        string file = Path.Combine(_directory, UploadPrefix + Guid.NewGuid().ToString("n"));
        try
        {
            await using (FileStream upload = new(file, FileMode.CreateNew, FileAccess.Write, FileShare.None))
                await CopyAsync(kernel, upload, cancellationToken);
            return View(await _store.ImportAsync(name, file, source, cancellationToken));
        }
        finally
        {
            File.Delete(file);
        }
    });

    /// <summary>Removes a kernel; running machines do not need it.</summary>
    public Task RemoveAsync(string name, CancellationToken cancellationToken) => MachineErrors.TranslatedAsync(async () =>
    {
        await _store.RemoveAsync(name, cancellationToken);
        return true;
    });

    /// <summary>A kernel by name, null for the default.</summary>
    internal Task<StoredKernel> GetAsync(string? name, IProgress<string>? progress, CancellationToken cancellationToken) =>
        MachineErrors.TranslatedAsync(() => name is null or KernelStore.DefaultName ? _store.GetDefaultAsync(progress, cancellationToken) : Task.Run(() => _store.Get(name), cancellationToken));

    internal void RequireKnown(string? name)
    {
        if (name is not (null or KernelStore.DefaultName) && !_store.List().Any(kernel => kernel.Name == name))
            throw EngineException.Invalid($"HostConfig.Annotations[{MachineRules.KernelAnnotation}]: no kernel named {name}: see `berth kernel ls`, or add it with `berth kernel import`");
    }

    private static async Task CopyAsync(Stream from, FileStream to, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[1 << 16];
        for (int count; (count = await from.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            if (to.Length + count > KernelImage.MaxSize)
                throw EngineException.Invalid($"more than {KernelImage.MaxSize} bytes are no kernel: give a bzImage (vmlinuz) or an ELF vmlinux");
            await to.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
        }
    }

    private static KernelView View(KernelEntry kernel) => new()
    {
        Name = kernel.Name,
        Version = kernel.Version,
        Format = kernel.Format,
        Sha256 = kernel.Sha256,
        Size = kernel.Size,
        Source = kernel.Source,
        Added = DockerTime.Format(kernel.Added),
        Default = kernel.Name == KernelStore.DefaultName,
    };
}
