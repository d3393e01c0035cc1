namespace Berth.Images.Layers;

internal enum CompressionKind
{
    None,
    Gzip,
    Zstd,
    Bzip2,
    Xz,
}
