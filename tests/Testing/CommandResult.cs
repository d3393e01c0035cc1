namespace Berth.Testing;

/// <summary>What a finished program answered.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">Standard output, as it came.</param>
/// <param name="Error">Standard error, as it came.</param>
public sealed record CommandResult(int ExitCode, string Output, string Error)
{
    /// <summary>Standard output without white space at both ends.</summary>
    public string Text => Output.Trim();

    /// <summary>Standard output's non-empty lines.</summary>
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>This result, or an exception that shows both streams when the exit code is not <paramref name="code"/>.</summary>
    public CommandResult Expect(int code = 0) => ExitCode == code
        ? this
        : throw new InvalidOperationException($"exit code {ExitCode}, expected {code}\n--- stdout\n{Output}\n--- stderr\n{Error}");
}
