namespace Berth.Containers.Spec;

/// <summary>A configuration cannot be used. The message names every offending field.</summary>
public sealed class SpecException : Exception
{
    public SpecException(IReadOnlyList<string> problems) : base(string.Join("; ", problems)) => Problems = problems;

    public SpecException(string problem, Exception? inner = null) : base(problem, inner) => Problems = [problem];

    /// <summary>One sentence per problem, each starting with the field's path.</summary>
    public IReadOnlyList<string> Problems { get; }
}
