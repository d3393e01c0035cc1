using Berth.Containers.Host;

namespace Berth.Containers.Security;

/// <summary>A condition on the container and its host.</summary>
public sealed record SeccompCondition
{
    /// <summary>Capabilities of the container.</summary>
    public IReadOnlyList<string> Caps { get => field ?? []; init; }

    /// <summary>Native architectures as Go names them: <c>amd64</c>.</summary>
    public IReadOnlyList<string> Arches { get => field ?? []; init; }

    /// <summary>Oldest kernel, such as <c>4.8</c>.</summary>
    public string? MinKernel { get; init; }

    /// <summary>As <c>includes</c>: whether everything named is there.</summary>
    internal bool Holds(CapabilitySet capabilities, KernelVersion kernel, string architecture) =>
        Caps.All(name => Has(capabilities, name))
        && (Arches.Count == 0 || Arches.Contains(architecture))
        && (MinKernel is null || IsAtLeast(kernel));

    /// <summary>As <c>excludes</c>: whether anything named is there.</summary>
    internal bool Meets(CapabilitySet capabilities, KernelVersion kernel, string architecture) =>
        Caps.Any(name => Has(capabilities, name))
        || Arches.Contains(architecture)
        || (MinKernel is not null && IsAtLeast(kernel));

    private bool IsAtLeast(KernelVersion kernel) => KernelVersion.TryParse(MinKernel!, out KernelVersion minimum) && kernel >= minimum;

    private static bool Has(CapabilitySet capabilities, string name) =>
        CapabilitySet.TryParseName(name, out Capability capability) && capabilities.Contains(capability);
}
