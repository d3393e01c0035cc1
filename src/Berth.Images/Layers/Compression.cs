using System.IO.Compression;
using Berth.Images.Spec;
using Berth.Images.Tar;
using Berth.Linux;

namespace Berth.Images.Layers;

/// <summary>Tells compressed streams by their first bytes, whatever their media type claims.</summary>
internal static class Compression
{
    // What xz -9 needs for its dictionary, and room beside it.
    private const long MaxXzMemory = 256L << 20;

    /// <summary>Bytes of <paramref name="source"/>, decompressed when they are compressed, with the bomb limits applied. Dispose ends the decompression and leaves the source open.</summary>
    /// <param name="source">The stream.</param>
    /// <param name="limits">The limits.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <param name="isLayer">Whether it is an image's layer: those are plain, gzip or zstd and nothing else.</param>
    public static async ValueTask<Stream> OpenAsync(Stream source, ArchiveLimits limits, CancellationToken cancellation, bool isLayer = false)
    {
        byte[] start = new byte[6];
        int known = await source.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellation);
        var whole = new PeekedStream(start.AsMemory(0, known), source);
        switch (Kind(start.AsSpan(0, known)))
        {
            case CompressionKind.Gzip:
                return new RatioGuard(whole, new GZipStream(whole, CompressionMode.Decompress), limits);
            case CompressionKind.Zstd:
                return ZstdStream.IsAvailable
                    ? new RatioGuard(whole, new ZstdStream(whole), limits)
                    : throw new ImageException(ImageErrorCode.NotSupported, "this archive is zstd: install libzstd1");
            case CompressionKind.Bzip2 or CompressionKind.Xz when isLayer:
                throw new ImageException(ImageErrorCode.NotSupported, "a layer that is bzip2 or xz: layers are plain, gzip or zstd");
            case CompressionKind.Bzip2:
                return new RatioGuard(whole, new ProgramStream(whole, "bzip2", "bzip2", ["-d", "-c"]), limits);
            case CompressionKind.Xz:
                return new RatioGuard(whole, new ProgramStream(whole, "xz", "xz-utils", ["-d", "-c", "-T1", $"--memlimit-decompress={MaxXzMemory}", "--format=xz"]), limits);
            default:
                return whole;
        }
    }

    /// <summary>The layer media type for what a blob starts with.</summary>
    public static string LayerMediaType(ReadOnlySpan<byte> start) => Kind(start) switch
    {
        CompressionKind.Gzip => MediaTypes.OciLayerGzip,
        CompressionKind.Zstd => MediaTypes.OciLayerZstd,
        _ => MediaTypes.OciLayer,
    };

    /// <summary>Whether a stream holds a tar archive, plain or compressed.</summary>
    /// <exception cref="ImageException">It is compressed in a way that is not read here.</exception>
    public static async ValueTask<bool> IsTarAsync(Stream source, ArchiveLimits limits, CancellationToken cancellation)
    {
        byte[] block = new byte[TarHeader.BlockSize];
        try
        {
            await using Stream plain = await OpenAsync(source, limits, cancellation);
            return await plain.ReadAtLeastAsync(block, block.Length, throwOnEndOfStream: false, cancellation) == block.Length
                && !TarHeader.IsZero(block) && TarHeader.ChecksumHolds(block);
        }
        catch (ImageException e) when (e.Code == ImageErrorCode.InvalidArchive)
        {
            return false; // compressed data that is damaged
        }
    }

    private static CompressionKind Kind(ReadOnlySpan<byte> start) =>
        start.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]) ? CompressionKind.Gzip
        : start.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD]) ? CompressionKind.Zstd
        : start.Length >= 4 && (start[0] & 0xF0) == 0x50 && start[1..4].SequenceEqual((ReadOnlySpan<byte>)[0x2A, 0x4D, 0x18]) ? CompressionKind.Zstd
        : start.StartsWith("BZh"u8) ? CompressionKind.Bzip2
        : start.StartsWith((ReadOnlySpan<byte>)[0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0]) ? CompressionKind.Xz
        : CompressionKind.None;
}
