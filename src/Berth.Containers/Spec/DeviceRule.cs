namespace Berth.Containers.Spec;

/// <summary>One rule about device access; later rules win. [OCI-RT] config-linux.md, Allowed Device list.</summary>
public sealed record DeviceRule
{
    public bool Allow { get; init; }

    /// <summary><c>a</c> (the default), <c>c</c> or <c>b</c>.</summary>
    public string? Type { get; init; }

    /// <summary>Null or -1: any.</summary>
    public long? Major { get; init; }

    /// <summary>Null or -1: any.</summary>
    public long? Minor { get; init; }

    /// <summary>Letters of <c>rwm</c>.</summary>
    public string? Access { get; init; }
}
