using System.Globalization;

namespace Berth.Cli.CommandLine;

/// <summary>A flag with a whole number.</summary>
internal sealed class NumberFlag(string name, char letter, string valueName, string help) : Flag(name, letter, valueName, help)
{
    public NumberFlag(string name, string valueName, string help) : this(name, '\0', valueName, help) { }

    /// <summary>The number, or null when the flag was not given.</summary>
    public long? Value { get; set; }

    protected override void Parse(string text) =>
        Value = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Invalid(text, "a whole number is expected");
}
