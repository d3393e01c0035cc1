using System.Globalization;
using Berth.Cli.CommandLine;

namespace Berth.Cli.Parsing;

/// <summary>A limit on one block device: <c>/dev/sda:10mb</c> (bytes a second) or <c>/dev/sda:1000</c> (operations, or a weight).</summary>
/// <param name="Path">The device.</param>
/// <param name="Value">Bytes, operations or weight.</param>
internal readonly record struct ThrottleSpec(string Path, long Value)
{
    /// <summary>Reads a rate in bytes.</summary>
    public static ThrottleSpec ParseBytes(string text, string flag)
    {
        var (path, value) = Split(text, flag);
        return new ThrottleSpec(path, SizeText.Parse(value, flag));
    }

    /// <summary>Reads a plain number.</summary>
    public static ThrottleSpec ParseNumber(string text, string flag)
    {
        var (path, value) = Split(text, flag);
        return long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new ThrottleSpec(path, number)
            : throw Invalid(text, flag);
    }

    private static (string Path, string Value) Split(string text, string flag)
    {
        var at = text.LastIndexOf(':');
        return at > 0 && text.StartsWith("/dev/", StringComparison.Ordinal) ? (text[..at], text[(at + 1)..]) : throw Invalid(text, flag);
    }

    private static UsageException Invalid(string text, string flag) =>
        new($"invalid value \"{text}\" for --{flag}: write it as /dev/device:number");
}
