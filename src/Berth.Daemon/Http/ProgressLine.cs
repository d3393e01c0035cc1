using System.Text.Json.Serialization;

namespace Berth.Daemon.Http;

/// <summary>One JSON object of a progress stream (Docker's jsonmessage).</summary>
internal sealed record ProgressLine
{
    public string? Stream { get; init; }

    public string? Status { get; init; }

    public string? Id { get; init; }

    public string? Progress { get; init; }

    public ProgressDetail? ProgressDetail { get; init; }

    public ProgressError? ErrorDetail { get; init; }

    public string? Error { get; init; }

    public PushedImage? Aux { get; init; }
}

/// <summary>How far an item is, in bytes, or in parts that are not to be shown as numbers.</summary>
internal sealed record ProgressDetail(long Current, long Total, [property: JsonPropertyName("hidecounts")] bool? HideCounts = null);

/// <summary>What a tag of a registry stands for after a push.</summary>
internal sealed record PushedImage(
    [property: JsonPropertyName("Tag")] string Tag, [property: JsonPropertyName("Digest")] string Digest, [property: JsonPropertyName("Size")] long Size);

/// <summary>A failure after the stream has begun.</summary>
internal sealed record ProgressError(string Message);
