namespace Berth.Images.Layers;

internal enum CompressionKind
{
    None,
    Gzip,
    Zstd,
    Other,
}
