namespace Berth.Oci.State;

/// <summary>The state as commands and hooks are told it. [OCI-RT] runtime.md, State.</summary>
internal sealed record StateReport
{
    public required string OciVersion { get; init; }

    public required string Id { get; init; }

    public required string Status { get; init; }

    public required int Pid { get; init; }

    public required string Bundle { get; init; }

    public required string Rootfs { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required string Owner { get; init; }

    public required IReadOnlyDictionary<string, string> Annotations { get; init; }
}
