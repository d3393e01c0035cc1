namespace Berth.Cli.CommandLine;

/// <summary>A flag with one value; the last one given counts.</summary>
internal sealed class TextFlag(string name, char letter, string valueName, string help) : Flag(name, letter, valueName, help)
{
    public TextFlag(string name, string valueName, string help) : this(name, '\0', valueName, help) { }

    /// <summary>The value, or null when the flag was not given.</summary>
    public string? Value { get; set; }

    protected override void Parse(string text) => Value = text;
}
