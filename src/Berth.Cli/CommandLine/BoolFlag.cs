namespace Berth.Cli.CommandLine;

/// <summary>A switch: <c>--all</c>, <c>--all=false</c>.</summary>
internal sealed class BoolFlag(string name, char letter, string help) : Flag(name, letter, null, help)
{
    public BoolFlag(string name, string help) : this(name, '\0', help) { }

    /// <summary>The value; initialised to the default.</summary>
    public bool Value { get; set; }

    protected override void Parse(string text) => Value = text switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => throw Invalid(text, "use true or false"),
    };
}
