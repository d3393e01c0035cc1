namespace Berth.Cli.CommandLine;

/// <summary>A flag that may be given many times.</summary>
internal sealed class ListFlag(string name, char letter, string valueName, string help) : Flag(name, letter, valueName, help)
{
    private readonly List<string> _values = [];

    public ListFlag(string name, string valueName, string help) : this(name, '\0', valueName, help) { }

    /// <summary>All values in the order given.</summary>
    public IReadOnlyList<string> Values => _values;

    protected override void Parse(string text) => _values.Add(text);
}
