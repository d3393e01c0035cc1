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

    public ProgressAux? Aux { get; init; }

    /// <summary>Berth's own: a step of a build, for clients that ask for steps.</summary>
    public StepView? Step { get; init; }
}

/// <summary>How far an item is, in bytes, or in parts that are not to be shown as numbers.</summary>
internal sealed record ProgressDetail(long Current, long Total, [property: JsonPropertyName("hidecounts")] bool? HideCounts = null);

/// <summary>A result for programs: what a tag of a registry stands for after a push, or the image that was built.</summary>
internal sealed record ProgressAux
{
    [JsonPropertyName("Tag")]
    public string? Tag { get; init; }

    [JsonPropertyName("Digest")]
    public string? Digest { get; init; }

    [JsonPropertyName("Size")]
    public long? Size { get; init; }

    [JsonPropertyName("ID")]
    public string? ID { get; init; }
}

/// <summary>What a step of a build does: started, cached, running, output, done.</summary>
internal sealed record StepView(int Number, int Total, string? Stage, string State, string? Text);

/// <summary>A failure after the stream has begun.</summary>
internal sealed record ProgressError(string Message, int? Code = null);
