using System.Text.RegularExpressions;
using Berth.Images;

namespace Berth.Registry.Http;

/// <summary>What a path below <c>/v2/</c> is about. Names hold slashes, so it is read from its end.</summary>
internal sealed partial record RequestTarget(TargetKind Kind, string Repository, string Item)
{
    private const int MaxName = 255;

    /// <summary>Reads a path; null when it is none of the API's.</summary>
    /// <exception cref="RegistryException">The repository's name is malformed.</exception>
    public static RequestTarget? Parse(string path)
    {
        if (path is "/v2" or "/v2/")
        {
            return new RequestTarget(TargetKind.Base, "", "");
        }
        if (path == "/v2/_catalog")
        {
            return new RequestTarget(TargetKind.Catalog, "", "");
        }
        if (!path.StartsWith("/v2/", StringComparison.Ordinal))
        {
            return null;
        }
        string rest = path["/v2/".Length..];
        if (rest.EndsWith("/blobs/uploads/", StringComparison.Ordinal) || rest.EndsWith("/blobs/uploads", StringComparison.Ordinal))
        {
            return Of(TargetKind.Uploads, rest[..rest.LastIndexOf("/blobs/uploads", StringComparison.Ordinal)], "");
        }
        int last = rest.LastIndexOf('/');
        string item = rest[(last + 1)..];
        string before = last < 0 ? "" : rest[..last];
        return item.Length == 0 ? null
            : Named("/blobs/uploads", TargetKind.Upload) ?? Named("/blobs", TargetKind.Blob) ?? Named("/manifests", TargetKind.Manifest)
                ?? Named("/referrers", TargetKind.Referrers) ?? (item == "list" ? Named("/tags", TargetKind.Tags) : null);

        RequestTarget? Named(string suffix, TargetKind kind) => before.EndsWith(suffix, StringComparison.Ordinal) ? Of(kind, before[..^suffix.Length], item) : null;
    }

    /// <summary>Whether a text is a repository's name. [OCI-DIST] "Pulling manifests".</summary>
    public static bool IsName(string text) => text.Length is > 0 and <= MaxName && NamePattern().IsMatch(text);

    /// <summary>Whether a text is a tag.</summary>
    public static bool IsTag(string text) => TagPattern().IsMatch(text);

    /// <summary>The item as a digest.</summary>
    /// <exception cref="RegistryException">It is none.</exception>
    public Digest Digest() => DigestOf(Item);

    /// <summary>A text as a digest.</summary>
    /// <exception cref="RegistryException">It is none, or of an algorithm this registry does not store by.</exception>
    public static Digest DigestOf(string? text) => Images.Digest.TryParse(text, out Digest digest) ? digest : throw RegistryException.DigestInvalid("a digest is sha256: and 64 lower-case hexadecimal digits");

    private static RequestTarget Of(TargetKind kind, string name, string item) => IsName(name) ? new RequestTarget(kind, name, item) : throw RegistryException.NameInvalid();

    [GeneratedRegex(@"^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex TagPattern();
}
