using System.Text.Json;
using Berth.Containers.Host;
using Berth.Containers.Spec;

namespace Berth.Containers.Security;

/// <summary>
/// A seccomp profile as Docker, Podman and Kubernetes users write it: the specification's filter, whose rules may depend on capabilities,
/// architecture and kernel. <see cref="Resolve"/> settles the conditions.
/// </summary>
public sealed record SeccompProfile
{
    /// <summary>Largest accepted document in bytes.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>What happens to calls no rule matches.</summary>
    public SeccompAction? DefaultAction { get; init; }

    /// <summary>The error of the default action; EPERM if missing.</summary>
    public uint? DefaultErrnoRet { get; init; }

    /// <summary>Architectures, if not by <see cref="ArchMap"/>.</summary>
    public IReadOnlyList<SeccompArchitecture> Architectures { get => field ?? []; init; }

    /// <summary>Which architectures a native one brings along.</summary>
    public IReadOnlyList<SeccompArchMapEntry> ArchMap { get => field ?? []; init; }

    /// <summary>Flags of seccomp(2), such as <c>SECCOMP_FILTER_FLAG_LOG</c>.</summary>
    public IReadOnlyList<string> Flags { get => field ?? []; init; }

    /// <summary>Socket of a process that decides on notifications; refused, because Berth has none.</summary>
    public string? ListenerPath { get; init; }

    /// <summary>The rules.</summary>
    public IReadOnlyList<SeccompProfileRule> Syscalls { get => field ?? []; init; }

    /// <summary>Reads and checks a profile.</summary>
    /// <exception cref="SeccompException">It is too large, not JSON, or says something that cannot be honoured.</exception>
    public static SeccompProfile Parse(ReadOnlySpan<byte> json)
    {
        if (json.Length > MaxBytes)
            throw new SeccompException($"seccomp profile: {json.Length} bytes is more than the allowed {MaxBytes}");
        SeccompProfile profile;
        try
        {
            profile = JsonSerializer.Deserialize(json, SeccompJsonContext.Default.SeccompProfile) ?? throw new SeccompException("seccomp profile: must be an object, not null");
        }
        catch (JsonException e)
        {
            throw new SeccompException($"seccomp profile: {(e.Path is { Length: > 2 } path ? path[2..] + ": " : "")}{e.Message}", e);
        }
        catch (InvalidOperationException e) // e.g. a lone surrogate in a string
        {
            throw new SeccompException($"seccomp profile: {e.Message}", e);
        }
        SeccompProfileChecks.ThrowIfUnsound(profile);
        return profile;
    }

    /// <summary>Settles every condition for one container.</summary>
    /// <param name="capabilities">What the container may ever have: its bounding set.</param>
    /// <param name="kernel">The host's kernel.</param>
    /// <param name="native">The host's architecture.</param>
    public SeccompSpec Resolve(CapabilitySet capabilities, KernelVersion kernel, SeccompArchitecture native = SeccompArchitecture.X64)
    {
        SeccompArchMapEntry? mapped = ArchMap.FirstOrDefault(entry => entry.Architecture == native);
        string nativeName = NativeName(native);
        return new SeccompSpec
        {
            DefaultAction = DefaultAction ?? SeccompAction.Errno,
            DefaultErrnoRet = DefaultErrnoRet,
            Flags = Flags,
            Architectures = mapped is not null ? [mapped.Architecture, .. mapped.SubArchitectures] : Architectures,
            Syscalls =
            [
                .. Syscalls
                    .Where(rule => rule.Includes.Holds(capabilities, kernel, nativeName) && !rule.Excludes.Meets(capabilities, kernel, nativeName))
                    .Select(static rule => new SeccompRule { Names = rule.AllNames, Action = rule.Action!.Value, ErrnoRet = rule.ErrnoRet, Args = rule.Args }),
            ],
        };
    }

    // Conditions name architectures as Go does.
    private static string NativeName(SeccompArchitecture architecture) => architecture switch
    {
        SeccompArchitecture.X64 => "amd64",
        SeccompArchitecture.X86 => "x86",
        SeccompArchitecture.X32 => "x32",
        SeccompArchitecture.Aarch64 => "arm64",
        _ => architecture.ToString().ToLowerInvariant(),
    };
}
