namespace Berth.Containers.Spec;

/// <summary>A system call filter. [OCI-RT] config-linux.md, Seccomp.</summary>
public sealed record SeccompSpec
{
    public SeccompAction DefaultAction { get; init; }

    public uint? DefaultErrnoRet { get; init; }

    public IReadOnlyList<SeccompArchitecture> Architectures { get => field ?? []; init; }

    public IReadOnlyList<string> Flags { get => field ?? []; init; }

    public string? ListenerPath { get; init; }

    public string? ListenerMetadata { get; init; }

    public IReadOnlyList<SeccompRule> Syscalls { get => field ?? []; init; }
}
