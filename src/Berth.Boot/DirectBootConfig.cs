using Berth.Boot.Acpi;
using Berth.Boot.Kernels;
using Berth.Boot.Smbios;

namespace Berth.Boot;

/// <summary>What a machine boots without firmware.</summary>
public sealed record DirectBootConfig
{
    /// <summary>The kernel.</summary>
    public required KernelImage Kernel { get; init; }

    /// <summary>Initial RAM disk; empty for none.</summary>
    public ReadOnlyMemory<byte> Initrd { get; init; }

    /// <summary>Kernel command line.</summary>
    public string CommandLine { get; init; } = "";

    /// <summary>The hardware that ACPI describes; null for a machine without ACPI.</summary>
    public AcpiPlatform? Acpi { get; init; } = new();

    /// <summary>The machine's identity; null for none.</summary>
    public SmbiosConfig? Smbios { get; init; } = new();
}
