using System.Text.RegularExpressions;

namespace Berth.Images.Building;

/// <summary>A repository as a build names it: <c>ADDRESS[#REFERENCE[:DIRECTORY]]</c>. [DOCKERFILE] "ADD", docker build "Git repositories".</summary>
/// <param name="Address">What git fetches from.</param>
/// <param name="Reference">Branch, tag or commit; <c>HEAD</c> for the repository's own choice.</param>
/// <param name="Directory">Directory in the tree; empty for all of it.</param>
public sealed partial record GitAddress(string Address, string Reference, string Directory)
{
    private const int MaxLength = 2048;

    /// <summary>Whether a text means a repository and not a file that is fetched.</summary>
    public static bool IsMeant(string text)
    {
        string address = text.Split('#', 2)[0];
        bool isWeb = address.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || address.StartsWith("https://", StringComparison.OrdinalIgnoreCase);
        return (isWeb && address.EndsWith(".git", StringComparison.Ordinal)) || address.StartsWith("git://", StringComparison.OrdinalIgnoreCase)
            || address.StartsWith("ssh://", StringComparison.OrdinalIgnoreCase) || address.StartsWith("git@", StringComparison.Ordinal);
    }

    /// <exception cref="ImageException">It is malformed, or needs a key that the daemon has not.</exception>
    public static GitAddress Parse(string text)
    {
        string shown = Berth.Build.Shown.Text(text);
        if (text.StartsWith("git@", StringComparison.Ordinal) || text.StartsWith("ssh://", StringComparison.OrdinalIgnoreCase))
            throw new ImageException(ImageErrorCode.NotSupported, $"{shown}: the daemon has no keys for ssh: use the repository's https address, or clone it and build from the directory");
        string[] parts = text.Split('#', 2);
        if (text.Length > MaxLength || !Uri.TryCreate(parts[0], UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https" or "git") || address.Host.Length == 0)
            throw Malformed(shown, "is no address of a repository");
        string[] fragment = parts.Length > 1 ? parts[1].Split(':', 2) : [];
        string reference = fragment is [{ Length: > 0 } given, ..] ? given : "HEAD";
        if (!ReferenceNames().IsMatch(reference) || reference.Contains("..", StringComparison.Ordinal))
            throw Malformed(shown, $"\"{Berth.Build.Shown.Text(reference)}\" is no branch, tag or commit");
        return new GitAddress(parts[0], reference, fragment.Length > 1 ? fragment[1].Trim('/') : "");
    }

    private static ImageException Malformed(string shown, string why) =>
        new(ImageErrorCode.InvalidParameter, $"{shown}: {why}: write it as https://HOST/PATH.git#REFERENCE:DIRECTORY");

    // git-check-ref-format(1) allows more; nothing here can be taken for an option or a revision's operator.
    [GeneratedRegex("^[A-Za-z0-9_][A-Za-z0-9_./+-]{0,254}$")]
    private static partial Regex ReferenceNames();
}
