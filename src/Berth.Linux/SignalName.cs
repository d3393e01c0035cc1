namespace Berth.Linux;

/// <summary>Signal names and numbers of x86-64 Linux. See signal(7).</summary>
public static class SignalName
{
    /// <summary>The highest number, SIGRTMAX.</summary>
    public const int Max = 64;

    private const int RealtimeMin = 34;

    private static readonly string[] s_names =
    [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT",
        "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    /// <summary>Reads <c>TERM</c>, <c>SIGTERM</c>, <c>15</c>, <c>RTMIN+3</c>.</summary>
    public static bool TryParse(string text, out int number)
    {
        if (int.TryParse(text, out number)) return number is > 0 and <= Max;
        string name = text.ToUpperInvariant();
        if (name.StartsWith("SIG", StringComparison.Ordinal)) name = name[3..];
        name = name switch { "IOT" => "ABRT", "CLD" => "CHLD", "POLL" => "IO", _ => name };
        number = Array.IndexOf(s_names, name);
        if (number <= 0) number = Realtime(name, "RTMIN", RealtimeMin, 1) ?? Realtime(name, "RTMAX", Max, -1) ?? 0;
        return number > 0;
    }

    private static int? Realtime(string name, string prefix, int start, int direction)
    {
        if (!name.StartsWith(prefix, StringComparison.Ordinal)) return null;
        string rest = name[prefix.Length..];
        if (rest.Length == 0) return start;
        bool sound = rest[0] == (direction > 0 ? '+' : '-') && int.TryParse(rest.AsSpan(1), out int offset) && offset is >= 0 and <= Max - RealtimeMin;
        return sound ? start + (direction * int.Parse(rest.AsSpan(1))) : null;
    }
}
