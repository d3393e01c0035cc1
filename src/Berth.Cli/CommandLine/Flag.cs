namespace Berth.Cli.CommandLine;

/// <summary>One option of a verb, known by a long name and perhaps by a letter.</summary>
internal abstract class Flag(string name, char letter, string? valueName, string help)
{
    /// <summary>Long name without dashes.</summary>
    public string Name { get; } = name;

    /// <summary>Letter for the short form; zero when there is none.</summary>
    public char Letter { get; } = letter;

    /// <summary>What the value is called in help; null when the flag stands alone.</summary>
    public string? ValueName { get; } = valueName;

    /// <summary>One line of help.</summary>
    public string Help { get; } = help;

    /// <summary>True once the user gave the flag.</summary>
    public bool IsSet { get; private set; }

    /// <summary>Understood but left out of help and completion.</summary>
    public bool Hidden { get; init; }

    /// <summary>Values to offer when the shell completes this flag's value.</summary>
    public CompletionSource Completes { get; init; }

    /// <summary>Takes the text given by the user.</summary>
    public void Accept(string text)
    {
        Parse(text);
        IsSet = true;
    }

    /// <summary>Checks and keeps <paramref name="text"/>.</summary>
    protected abstract void Parse(string text);

    /// <summary>The complaint about a value that cannot be used.</summary>
    protected UsageException Invalid(string text, string expected) =>
        new($"invalid value \"{text}\" for --{Name}: {expected}");
}
