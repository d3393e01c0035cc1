using Berth.Images.Spec;

namespace Berth.Images.Building;

/// <summary>One layer of a stack: its blob and the digest of its plain tar.</summary>
internal sealed record StackLayer
{
    public required string MediaType { get; init; }

    public required Digest Digest { get; init; }

    public required long Size { get; init; }

    public required Digest DiffId { get; init; }

    public Descriptor Blob => new() { MediaType = MediaType, Digest = Digest, Size = Size };
}
