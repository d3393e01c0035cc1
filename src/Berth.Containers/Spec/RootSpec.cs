namespace Berth.Containers.Spec;

/// <summary>The root file system, for bundles that name one. [OCI-RT] config.md, Root.</summary>
public sealed record RootSpec
{
    public string Path { get => field ?? ""; init; }

    public bool Readonly { get; init; }
}
