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
}

/// <summary>How far an item is, in bytes, or in parts that are not to be shown as numbers.</summary>
internal sealed record ProgressDetail(long Current, long Total, [property: JsonPropertyName("hidecounts")] bool? HideCounts = null);

/// <summary>A failure after the stream has begun.</summary>
internal sealed record ProgressError(string Message);
