using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Berth.Images;

/// <summary>
/// A normalised image name: <c>busybox</c> is <c>docker.io/library/busybox</c>, as in Docker.
/// Grammar: [DOCKER-REF].
/// </summary>
public readonly partial record struct ImageReference
{
    private const string DefaultDomain = "docker.io";
    private const string OfficialPrefix = "library/";
    private const int MaxNameLength = 255;

    private ImageReference(string domain, string path, string? tag, Digest? digest)
    {
        Domain = domain;
        Path = path;
        Tag = tag;
        Digest = digest;
    }

    /// <summary>Registry host, with its port if any.</summary>
    public string Domain { get; }

    /// <summary>Repository within the registry.</summary>
    public string Path { get; }

    /// <summary>Tag, or null when none was written.</summary>
    public string? Tag { get; }

    /// <summary>Manifest digest, or null when none was written.</summary>
    public Digest? Digest { get; }

    /// <summary>Domain and path: <c>docker.io/library/busybox</c>.</summary>
    public string Name => $"{Domain}/{Path}";

    /// <summary>The name as people write it: <c>busybox</c>.</summary>
    public string FamiliarName => Domain != DefaultDomain ? Name
        : Path.StartsWith(OfficialPrefix, StringComparison.Ordinal) && !Path.AsSpan(OfficialPrefix.Length).Contains('/') ? Path[OfficialPrefix.Length..]
        : Path;

    /// <summary>The familiar name with tag and digest: <c>busybox:latest</c>.</summary>
    public string Familiar => FamiliarName + Suffix;

    private string Suffix => (Tag is null ? "" : ":" + Tag) + (Digest is null ? "" : "@" + Digest);

    /// <summary>This reference, with the tag <c>latest</c> when it has neither tag nor digest.</summary>
    public ImageReference WithDefaultTag() => Tag is null && Digest is null ? WithTag("latest") : this;

    /// <summary>The same repository with another tag.</summary>
    /// <exception cref="ImageException">The tag is malformed.</exception>
    public ImageReference WithTag(string tag) => TagPattern().IsMatch(tag)
        ? new ImageReference(Domain, Path, tag, null)
        : throw Invalid(tag, "a tag is up to 128 letters, digits, '_', '.', '-', and starts with none of the last two");

    /// <summary>The same repository by a manifest's digest, without a tag.</summary>
    public ImageReference WithDigest(Digest digest) => new(Domain, Path, null, digest);

    /// <summary>Normalises and checks <paramref name="text"/>.</summary>
    /// <exception cref="ImageException">It is no reference; the message says why.</exception>
    public static ImageReference Parse(string text) => Read(text, out ImageReference reference) is { } problem ? throw Invalid(text, problem) : reference;

    /// <summary>Normalises and checks <paramref name="text"/>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ImageReference reference)
    {
        reference = default;
        return text is not null && Read(text, out reference) is null;
    }

    /// <summary>The canonical form, such as <c>docker.io/library/busybox:latest</c>.</summary>
    public override string ToString() => Domain is null ? "" : Name + Suffix;

    private static string? Read(string text, out ImageReference reference)
    {
        reference = default;
        if (text.Length == 0)
        {
            return "it is empty";
        }
        if (text.Length > 600)
        {
            return "it is too long";
        }
        if (Images.Digest.IsHex(text))
        {
            return "64 hexadecimal digits are an image id, not a name";
        }
        string rest = text;
        Digest? digest = null;
        int at = rest.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0)
        {
            if (!Images.Digest.TryParse(rest[(at + 1)..], out Digest parsed))
            {
                return "the part after '@' is not a sha256 digest";
            }
            digest = parsed;
            rest = rest[..at];
        }
        string? tag = null;
        int colon = rest.LastIndexOf(':');
        if (colon > rest.LastIndexOf('/'))
        {
            tag = rest[(colon + 1)..];
            rest = rest[..colon];
            if (!TagPattern().IsMatch(tag))
            {
                return "the tag is malformed";
            }
        }
        (string domain, string path) = SplitDomain(rest);
        if (path.AsSpan().IndexOfAnyInRange('A', 'Z') >= 0)
        {
            return "the repository name must be lower case";
        }
        if (!DomainPattern().IsMatch(domain) || !PathPattern().IsMatch(path))
        {
            return "expected [host[:port]/]name[:tag][@digest]";
        }
        if (domain.Length + 1 + path.Length > MaxNameLength)
        {
            return $"the name is longer than {MaxNameLength} characters";
        }
        reference = new ImageReference(domain, path, tag, digest);
        return null;
    }

    private static (string Domain, string Path) SplitDomain(string name)
    {
        int slash = name.IndexOf('/', StringComparison.Ordinal);
        string first = slash < 0 ? "" : name[..slash];
        bool isDomain = slash >= 0 && (first.AsSpan().IndexOfAny('.', ':') >= 0 || first == "localhost" || first.AsSpan().IndexOfAnyInRange('A', 'Z') >= 0);
        (string domain, string path) = isDomain ? (first, name[(slash + 1)..]) : (DefaultDomain, name);
        if (domain == "index.docker.io")
        {
            domain = DefaultDomain;
        }
        return domain == DefaultDomain && !path.Contains('/', StringComparison.Ordinal) ? (domain, OfficialPrefix + path) : (domain, path);
    }

    private static ImageException Invalid(string text, string why) =>
        new(ImageErrorCode.InvalidParameter, $"invalid reference format: \"{ImageException.Printable(text)}\": {why}");

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex TagPattern();

    [GeneratedRegex(@"^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[A-Fa-f0-9:]+\])(?::[0-9]{1,5})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex DomainPattern();

    [GeneratedRegex(@"^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex PathPattern();
}
