namespace Berth.Engine.Planning;

/// <summary>Signal names and numbers of x86-64 Linux. See signal(7).</summary>
internal static class SignalNames
{
    public const int Kill = 9;
    public const int Term = 15;
    private const int RealtimeMin = 34;
    private const int RealtimeMax = 64;

    private static readonly string[] Names =
    [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT",
        "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    /// <summary>Reads <c>TERM</c>, <c>SIGTERM</c>, <c>15</c>, <c>RTMIN+3</c>.</summary>
    public static int Parse(string text, string field)
    {
        if (int.TryParse(text, out int number))
            return number is > 0 and <= RealtimeMax ? number : throw Invalid();
        string name = text.ToUpperInvariant();
        if (name.StartsWith("SIG", StringComparison.Ordinal))
            name = name[3..];
        name = name switch { "IOT" => "ABRT", "CLD" => "CHLD", "POLL" => "IO", _ => name };
        int index = Array.IndexOf(Names, name);
        if (index > 0)
            return index;
        return Realtime(name, "RTMIN", RealtimeMin, 1) ?? Realtime(name, "RTMAX", RealtimeMax, -1) ?? throw Invalid();

        EngineException Invalid() => EngineException.Invalid($"{field}: Invalid signal: {text}: use a name such as TERM or a number from 1 to {RealtimeMax}");
    }

    private static int? Realtime(string name, string prefix, int start, int direction)
    {
        if (!name.StartsWith(prefix, StringComparison.Ordinal))
            return null;
        string rest = name[prefix.Length..];
        if (rest.Length == 0)
            return start;
        bool sound = rest[0] == (direction > 0 ? '+' : '-') && int.TryParse(rest.AsSpan(1), out int offset) && offset is >= 0 and <= RealtimeMax - RealtimeMin;
        return sound ? start + direction * int.Parse(rest.AsSpan(1)) : null;
    }
}
