using System.Globalization;
using System.Text.RegularExpressions;
using Berth.Images.Spec;

namespace Berth.Images.Import;

/// <summary>The HEALTHCHECK instruction. [DOCKERFILE] HEALTHCHECK.</summary>
internal static partial class HealthChange
{
    public static HealthCheck Parse(string text, string change)
    {
        var check = new HealthCheck();
        while (Option().Match(text) is { Success: true } match)
        {
            string value = match.Groups["value"].Value;
            check = match.Groups["name"].Value switch
            {
                "interval" => check with { Interval = Duration(value, change) },
                "timeout" => check with { Timeout = Duration(value, change) },
                "start-period" => check with { StartPeriod = Duration(value, change) },
                "start-interval" => check with { StartInterval = Duration(value, change) },
                "retries" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int retries) => check with { Retries = retries },
                _ => throw ImageChange.Bad(change, $"option \"{ImageException.Printable(match.Value.Trim())}\" is not known"),
            };
            text = text[match.Length..];
        }
        if (text.Equals("NONE", StringComparison.OrdinalIgnoreCase))
        {
            return new HealthCheck { Test = ["NONE"] };
        }
        if (!text.StartsWith("CMD", StringComparison.OrdinalIgnoreCase) || text.Length < 5 || !char.IsWhiteSpace(text[3]))
        {
            throw ImageChange.Bad(change, "expected NONE, or options and CMD with a command");
        }
        string command = text[4..].Trim();
        return check with { Test = ImageChange.Array(command) is { } arguments ? ["CMD", .. arguments] : ["CMD-SHELL", command] };
    }

    // Go's durations: 1m30s, 500ms.
    private static long Duration(string text, string change)
    {
        double nanoseconds = 0;
        string rest = text;
        while (Part().Match(rest) is { Success: true } match)
        {
            nanoseconds += double.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture) * match.Groups["unit"].Value switch
            {
                "h" => 3600e9,
                "m" => 60e9,
                "s" => 1e9,
                "ms" => 1e6,
                "us" or "µs" => 1e3,
                _ => 1,
            };
            rest = rest[match.Length..];
        }
        return text.Length > 0 && rest.Length == 0 && nanoseconds < long.MaxValue / 2.0 ? (long)nanoseconds : throw ImageChange.Bad(change, $"\"{ImageException.Printable(text)}\" is not a duration such as 30s");
    }

    [GeneratedRegex(@"^--(?<name>[a-z-]+)=(?<value>\S+)\s+")]
    private static partial Regex Option();

    [GeneratedRegex(@"^(?<number>[0-9]{1,12}(?:\.[0-9]{1,9})?)(?<unit>h|ms|m|s|us|µs|ns)")]
    private static partial Regex Part();
}
