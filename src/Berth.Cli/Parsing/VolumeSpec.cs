using Berth.Cli.CommandLine;

namespace Berth.Cli.Parsing;

/// <summary>A <c>--volume</c>: <c>/host:/container[:options]</c>, <c>name:/container[:options]</c> or <c>/container</c> alone.</summary>
/// <param name="Bind">The mount for HostConfig.Binds, or null when the volume is anonymous.</param>
/// <param name="Anonymous">Path of an anonymous volume, or null.</param>
internal readonly record struct VolumeSpec(string? Bind, string? Anonymous)
{
    /// <summary>Reads one <c>--volume</c>; a host path that begins with a dot or a tilde is made absolute.</summary>
    public static VolumeSpec Parse(string text, string workingDirectory, string? home)
    {
        var parts = text.Split(':');
        if (parts.Length is 0 or > 3 || parts.Any(part => part.Length == 0))
        {
            throw new UsageException($"invalid volume \"{text}\": write it as /host/path:/path, name:/path or /path, with :ro behind it if need be");
        }
        var target = parts.Length == 1 ? parts[0] : parts[1];
        if (!target.StartsWith('/'))
        {
            throw new UsageException($"invalid volume \"{text}\": the path in the container, {target}, must begin with /");
        }
        if (parts.Length == 1)
        {
            return new VolumeSpec(null, target);
        }
        var source = parts[0];
        if (source == "~" || source.StartsWith("~/", StringComparison.Ordinal))
        {
            source = home + source[1..];
        }
        else if (source == "." || source == ".." || source.StartsWith("./", StringComparison.Ordinal) || source.StartsWith("../", StringComparison.Ordinal))
        {
            source = Path.GetFullPath(source, workingDirectory);
        }
        return new VolumeSpec(string.Join(':', [source, .. parts[1..]]), null);
    }
}
