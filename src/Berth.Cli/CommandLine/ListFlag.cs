namespace Berth.Cli.CommandLine;

/// <summary>A flag that may be given many times.</summary>
internal sealed class ListFlag(string name, char letter, string valueName, string help) : Flag(name, letter, valueName, help)
{
    public ListFlag(string name, string valueName, string help) : this(name, '\0', valueName, help) { }

    /// <summary>All values in the order given.</summary>
    public string[] Values { get; private set; } = [];

    protected override void Parse(string text) => Values = [.. Values, text];
}
