namespace Berth.Build.Dockerfiles;

/// <summary>A command: words in the exec form, one line for the shell in the shell form.</summary>
/// <param name="IsExec">The exec form, a JSON array.</param>
/// <param name="Words">Its words; in the shell form exactly one.</param>
public sealed record CommandText(bool IsExec, IReadOnlyList<string> Words)
{
    /// <summary>The words with the shell in front where one is needed.</summary>
    public IReadOnlyList<string> With(IReadOnlyList<string> shell) => IsExec ? Words : [.. shell, .. Words];
}
