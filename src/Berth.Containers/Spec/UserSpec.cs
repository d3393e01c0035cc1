namespace Berth.Containers.Spec;

/// <summary>Credentials of the process. [OCI-RT] config.md, POSIX-platform User.</summary>
public sealed record UserSpec
{
    public uint Uid { get; init; }

    public uint Gid { get; init; }

    public uint? Umask { get; init; }

    public IReadOnlyList<uint> AdditionalGids { get => field ?? []; init; }

    public string? Username { get; init; }
}
