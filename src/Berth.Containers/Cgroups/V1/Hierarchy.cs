namespace Berth.Containers.Cgroups.V1;

/// <summary>One mounted v1 hierarchy.</summary>
/// <param name="Mount">Where it is mounted.</param>
/// <param name="Base">The directory our cgroups are made in; the mount itself unless that is read-only.</param>
/// <param name="Controllers">What it controls, or one <c>name=x</c>.</param>
internal sealed record Hierarchy(string Mount, string Base, IReadOnlyList<string> Controllers)
{
    public bool IsController => !Controllers[0].StartsWith("name=", StringComparison.Ordinal);

    public bool Has(string controller) => Controllers.Contains(controller);
}
