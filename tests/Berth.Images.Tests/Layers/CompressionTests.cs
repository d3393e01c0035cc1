using Berth.Images.Layers;
using Berth.Images.Tar;
using Berth.Linux;
using Berth.Testing;

namespace Berth.Images.Tests.Layers;

/// <summary>Archives that the host's own programs decompress.</summary>
public sealed class CompressionTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("xz")]
    [InlineData("bzip2")]
    public async Task Extract_PackedByTheProgram_GivesTheFiles(string program)
    {
        byte[] packed = await PackAsync(program, 1 << 20);
        await ExtractAsync(packed);
        Assert.Equal(1 << 20, new FileInfo(_folder.Combine("out", "f")).Length);
        Assert.True(await Compression.IsTarAsync(new MemoryStream(packed), ArchiveLimits.Default, Cancellation));
    }

    [Theory]
    [InlineData("xz")]
    [InlineData("bzip2")]
    public async Task Extract_CutOffOrDamaged_IsRefused(string program)
    {
        byte[] packed = await PackAsync(program, 1 << 20);
        Assert.Contains("corrupt or cut off", (await Assert.ThrowsAsync<ImageException>(() => ExtractAsync(packed[..(packed.Length / 2)]))).Message, StringComparison.Ordinal);
        packed.AsSpan(packed.Length / 2).Fill(0x55);
        Assert.Contains("corrupt or cut off", (await Assert.ThrowsAsync<ImageException>(() => ExtractAsync(packed))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("xz")]
    [InlineData("bzip2")]
    public async Task Extract_Bomb_IsStopped(string program)
    {
        byte[] packed = await PackAsync(program, 64 << 20, zeros: true);
        ArchiveLimits limits = ArchiveLimits.Default with { RatioFreeBytes = 1 << 20, MaxRatio = 50 };
        Assert.Contains("decompression bomb", (await Assert.ThrowsAsync<ImageException>(() => ExtractAsync(packed, limits))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_Layer_IsNoneOfThem()
    {
        byte[] packed = await PackAsync("xz", 100);
        Assert.Contains("layers are plain, gzip or zstd", (await Assert.ThrowsAsync<ImageException>(
            () => Compression.OpenAsync(new MemoryStream(packed), ArchiveLimits.Default, Cancellation, isLayer: true).AsTask())).Message, StringComparison.Ordinal);
    }

    private async Task<byte[]> PackAsync(string program, int length, bool zeros = false)
    {
        byte[] content = new byte[length];
        if (!zeros)
            new Random(1).NextBytes(content);
        string directory = Directory.CreateDirectory(_folder.Combine("in-" + Guid.NewGuid().ToString("n"))).FullName;
        await File.WriteAllBytesAsync(Path.Combine(directory, "f"), content, Cancellation);
        string tar = directory + ".tar";
        (await Command.RunAsync("tar", ["-C", directory, "-cf", tar, "f"], cancellationToken: Cancellation)).Expect();
        (await Command.RunAsync(program, ["-1", tar], cancellationToken: Cancellation)).Expect();
        return await File.ReadAllBytesAsync(tar + (program == "xz" ? ".xz" : ".bz2"), Cancellation);
    }

    private async Task ExtractAsync(byte[] packed, ArchiveLimits? limits = null)
    {
        using FileDescriptor root = Libc.Open(Directory.CreateDirectory(_folder.Combine("out")).FullName, Libc.O_RDONLY | Libc.O_DIRECTORY);
        await TarExtractor.ExtractAsync(new MemoryStream(packed), root, new TarExtractOptions { Limits = limits ?? ArchiveLimits.Default }, Cancellation);
    }
}
