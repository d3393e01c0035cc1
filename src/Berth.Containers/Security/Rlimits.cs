using Berth.Containers.Spec;

namespace Berth.Containers.Security;

/// <summary>Resource limits: the names of getrlimit(2) and of <c>--ulimit</c>, and how far a host without CAP_SYS_RESOURCE can grant them.</summary>
public static class Rlimits
{
    /// <summary>RLIM_INFINITY.</summary>
    public const ulong Infinity = ulong.MaxValue;

    // In the order of their numbers, asm-generic/resource.h.
    private static readonly string[] Names =
    [
        "CPU", "FSIZE", "DATA", "STACK", "CORE", "RSS", "NPROC", "NOFILE", "MEMLOCK", "AS", "LOCKS", "SIGPENDING", "MSGQUEUE", "NICE", "RTPRIO", "RTTIME",
    ];

    /// <summary>The kernel's number of <c>RLIMIT_…</c>.</summary>
    public static bool TryGetResource(string type, out int resource)
    {
        resource = type.StartsWith("RLIMIT_", StringComparison.Ordinal) ? Array.IndexOf(Names, type[7..]) : -1;
        return resource >= 0;
    }

    /// <summary>Turns <c>nofile</c>, soft, hard (-1 = no limit) into the specification's form.</summary>
    /// <exception cref="ArgumentException">The name is unknown, a value is negative, or soft is above hard.</exception>
    public static RlimitSpec FromUlimit(string name, long soft, long hard)
    {
        int resource = Array.IndexOf(Names, name.ToUpperInvariant());
        if (resource < 0 || name.Any(char.IsAsciiLetterUpper))
            throw new ArgumentException($"invalid ulimit type: {name}; use one of {string.Join(", ", Names.Select(static n => n.ToLowerInvariant()))}");
        if (soft < -1 || hard < -1)
            throw new ArgumentException($"invalid ulimit {name}: a limit must be -1 (none) or at least 0");
        var limit = new RlimitSpec { Type = "RLIMIT_" + Names[resource], Soft = ToLimit(soft), Hard = ToLimit(hard) };
        return limit.Soft <= limit.Hard
            ? limit
            : throw new ArgumentException($"invalid ulimit {name}: soft limit must be less than or equal to hard limit: {soft} > {hard}");
    }

    /// <summary>Without CAP_SYS_RESOURCE a hard limit cannot be raised: cuts the wish to the host's own hard limit.</summary>
    /// <param name="wanted">The limit asked for.</param>
    /// <param name="hostHard">The hard limit of the process that creates the container.</param>
    /// <param name="mayRaise">Whether that process has CAP_SYS_RESOURCE.</param>
    /// <param name="warning">What the user should know, or null.</param>
    public static RlimitSpec Clamp(RlimitSpec wanted, ulong hostHard, bool mayRaise, out string? warning)
    {
        if (mayRaise || wanted.Hard <= hostHard)
        {
            warning = null;
            return wanted;
        }
        warning = $"{wanted.Type}: {Show(wanted.Hard)} is above this host's hard limit {hostHard} and CAP_SYS_RESOURCE is missing; using {hostHard}";
        return wanted with { Hard = hostHard, Soft = Math.Min(wanted.Soft, hostHard) };
    }

    private static ulong ToLimit(long value) => value < 0 ? Infinity : (ulong)value;

    private static string Show(ulong value) => value == Infinity ? "unlimited" : value.ToString();
}
