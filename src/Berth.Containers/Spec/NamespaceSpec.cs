namespace Berth.Containers.Spec;

/// <summary>A namespace to create, or to join when it has a path. [OCI-RT] config-linux.md, Namespaces.</summary>
public sealed record NamespaceSpec
{
    /// <summary>One of <see cref="NamespaceType"/>.</summary>
    public string Type { get => field ?? ""; init; }

    public string? Path { get; init; }
}
