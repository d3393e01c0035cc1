using System.Formats.Tar;
using System.Security.Cryptography;
using Berth.Images;
using Berth.Images.Registry;
using Berth.Testing;

namespace Berth.Registry.Tests.Peers;

/// <summary>An image store in a folder of its own, with images to send. Layers need root.</summary>
internal sealed class LocalStore : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public LocalStore()
    {
        Requires.Root("layers have owners and devices");
        Store = ImageStore.Open(_folder.Combine("store"));
    }

    public ImageStore Store { get; }

    public static RegistryConfig Config { get; } = new() { RetryDelay = TimeSpan.FromMilliseconds(10) };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Makes an image of one layer with a file of random bytes.</summary>
    public async Task<Image> MakeAsync(string name, int bytes = 1000)
    {
        using var tar = new MemoryStream();
        await using (var writer = new TarWriter(tar, TarEntryFormat.Pax, leaveOpen: true))
        {
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "file") { DataStream = new MemoryStream(RandomNumberGenerator.GetBytes(bytes)) }, Cancellation);
        }
        tar.Position = 0;
        return await Store.ImportAsync(tar, ImageReference.Parse(name), null, null, Cancellation);
    }

    public Task<(Digest Digest, long Size)> PushAsync(string name, RegistryCredentials? credentials = null, IProgress<ImageProgress>? progress = null) =>
        Store.PushAsync(ImageReference.Parse(name), credentials ?? RegistryCredentials.Anonymous, Config, progress, Cancellation);

    public async Task<Image> PullAsync(string name, RegistryCredentials? credentials = null) =>
        (await Store.PullAsync(new PullRequest { Reference = ImageReference.Parse(name), Credentials = credentials ?? RegistryCredentials.Anonymous }, Config, null, Cancellation)).Image;

    /// <summary>Removes every image.</summary>
    public void Clear() => Store.Prune(all: true);

    public void Dispose()
    {
        Store.Dispose();
        _folder.Dispose();
    }
}
