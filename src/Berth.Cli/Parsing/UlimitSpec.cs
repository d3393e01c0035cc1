using System.Globalization;
using Berth.Cli.CommandLine;

namespace Berth.Cli.Parsing;

/// <summary>A resource limit of a process: <c>nofile=1024:2048</c>; -1 and <c>unlimited</c> mean none.</summary>
/// <param name="Name">Name as in setrlimit(2), small letters without RLIMIT_.</param>
/// <param name="Soft">Soft limit, -1 = none.</param>
/// <param name="Hard">Hard limit, -1 = none.</param>
internal readonly record struct UlimitSpec(string Name, long Soft, long Hard)
{
    private static readonly string[] s_names =
        ["core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack"];

    /// <summary>Reads one <c>--ulimit</c>.</summary>
    public static UlimitSpec Parse(string text)
    {
        var parts = text.Split('=', 2);
        if (parts.Length != 2)
        {
            throw new UsageException($"invalid ulimit \"{text}\": write it as name=soft:hard");
        }
        if (!s_names.Contains(parts[0]))
        {
            var near = Suggestions.Nearest(parts[0], s_names);
            throw new UsageException($"invalid ulimit name \"{parts[0]}\"" + (near.Count > 0 ? $": did you mean {near[0]}?" : $": use one of {string.Join(", ", s_names)}"));
        }
        var limits = parts[1].Split(':');
        var soft = Limit(limits[0], text);
        var hard = limits.Length > 1 ? Limit(limits[1], text) : soft;
        if (limits.Length > 2)
        {
            throw new UsageException($"invalid ulimit \"{text}\": write it as name=soft:hard");
        }
        return hard != -1 && (soft == -1 || soft > hard)
            ? throw new UsageException($"invalid ulimit \"{text}\": the soft limit is above the hard one")
            : new UlimitSpec(parts[0], soft, hard);
    }

    private static long Limit(string text, string whole) =>
        text is "-1" or "unlimited" ? -1
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit
        : throw new UsageException($"invalid ulimit \"{whole}\": limits are whole numbers, or -1 for none");
}
