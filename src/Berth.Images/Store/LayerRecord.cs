namespace Berth.Images.Store;

/// <summary>An unpacked layer.</summary>
internal sealed record LayerRecord
{
    public required Digest DiffId { get; init; }

    /// <summary>Bytes of file content.</summary>
    public required long Size { get; init; }
}
