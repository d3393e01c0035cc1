using System.IO.Compression;
using Berth.Images.Spec;
using Berth.Images.Tar;
using Berth.Linux;

namespace Berth.Images.Layers;

/// <summary>Tells compressed streams by their first bytes, whatever their media type claims.</summary>
internal static class Compression
{
    /// <summary>Bytes of <paramref name="source"/>, decompressed when they are gzip or zstd, with the bomb limits applied.</summary>
    public static async ValueTask<Stream> OpenAsync(Stream source, ArchiveLimits limits, CancellationToken cancellation)
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
            case CompressionKind.Other:
                throw new ImageException(ImageErrorCode.NotSupported, "bzip2 and xz archives are not supported: decompress it, or recompress it with gzip or zstd");
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
            Stream plain = await OpenAsync(source, limits, cancellation);
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
        : start.StartsWith("BZh"u8) || start.StartsWith((ReadOnlySpan<byte>)[0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0]) ? CompressionKind.Other
        : CompressionKind.None;
}
