using System.Text.Json.Serialization;

namespace Berth.Images.Spec;

/// <summary>Machine an image is for. [OCI-IMG] image-index.md "platform".</summary>
public sealed record Platform
{
    /// <summary>Go's architecture name, such as <c>amd64</c>.</summary>
    public string Architecture { get; init; } = "";

    /// <summary>Go's system name; Berth runs <c>linux</c>.</summary>
    public string Os { get; init; } = "";

    /// <summary>System version, Windows only.</summary>
    [JsonPropertyName("os.version")]
    public string? OsVersion { get; init; }

    /// <summary>Variant of the architecture, such as <c>v8</c>.</summary>
    public string? Variant { get; init; }

    /// <summary>Go's name for the processor this process runs on.</summary>
    public static string HostArchitecture { get; } = System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        var other => other.ToString().ToLowerInvariant(),
    };
}
