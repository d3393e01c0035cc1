using Berth.Images.Spec;

namespace Berth.Images.Registry;

/// <summary>The platform a pull is for.</summary>
public sealed record PlatformChoice
{
    /// <summary>What is wanted.</summary>
    public required Platform Platform { get; init; }

    /// <summary>The user asked for it; otherwise it is this host's.</summary>
    public bool IsExplicit { get; init; }

    /// <summary>This host's.</summary>
    public static PlatformChoice Host { get; } = new() { Platform = new Platform { Os = "linux", Architecture = Platform.HostArchitecture } };

    /// <summary>Reads <c>os[/arch[/variant]]</c> or <c>arch</c>; null or empty is the host's.</summary>
    /// <exception cref="ImageException">It is malformed, or not Linux.</exception>
    public static PlatformChoice Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return Host;
        }
        string[] parts = text.ToLowerInvariant().Split('/');
        if (parts.Length == 1)
        {
            parts = parts[0] == "linux" ? ["linux", Platform.HostArchitecture] : ["linux", parts[0]];
        }
        return parts.Length <= 3 && parts[0] == "linux" && parts.All(part => part.Length is > 0 and <= 32 && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.'))
            ? new PlatformChoice { IsExplicit = true, Platform = new Platform { Os = parts[0], Architecture = Normalized(parts[1]), Variant = parts.Length > 2 ? parts[2] : null } }
            : throw new ImageException(ImageErrorCode.InvalidParameter, $"\"{ImageException.Printable(text)}\" is no platform Berth takes: expected linux/ARCH[/VARIANT], such as linux/arm64");
    }

    /// <summary>The best entry of an index: the same variant, else the entry without one, else the first; null when none fits.</summary>
    internal Descriptor? Best(ImageIndex index)
    {
        Descriptor[] fitting = [.. index.Manifests.Where(entry => entry.Platform is { } platform && Fits(platform.Os, platform.Architecture))];
        return fitting.FirstOrDefault(entry => (entry.Platform!.Variant ?? "") == (Platform.Variant ?? ""))
            ?? (Platform.Variant is null ? fitting.FirstOrDefault() : null);
    }

    /// <summary>Whether an image of that system and architecture is what was asked for.</summary>
    internal bool Fits(string? os, string? architecture) => os == Platform.Os && Normalized(architecture ?? "") == Platform.Architecture;

    /// <inheritdoc/>
    public override string ToString() => $"{Platform.Os}/{Platform.Architecture}{(Platform.Variant is { } variant ? "/" + variant : "")}";

    private static string Normalized(string architecture) => architecture switch
    {
        "x86_64" or "x86-64" => "amd64",
        "aarch64" => "arm64",
        _ => architecture,
    };
}
