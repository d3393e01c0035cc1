namespace Berth.Boot.Layout;

/// <summary>Where direct boot puts its structures below 1 MiB, in guest-physical bytes.</summary>
internal static class LowMemory
{
    /// <summary>Global descriptor table of the first instructions.</summary>
    public const ulong Gdt = 0x500;

    /// <summary>Task state segment that PVH wants active.</summary>
    public const ulong TaskState = 0x600;

    /// <summary>PVH start info; module list and memory map follow on the same page.</summary>
    public const ulong StartInfo = 0x6000;

    /// <summary>struct boot_params.</summary>
    public const ulong ZeroPage = 0x7000;

    /// <summary>End of a small stack; Linux sets its own, other kernels may not.</summary>
    public const ulong StackTop = 0x8FF0;

    /// <summary>PML4, one PDPT and four page directories.</summary>
    public const ulong PageTables = 0x9000;

    /// <summary>Kernel command line.</summary>
    public const ulong CommandLine = 0x2_0000;

    /// <summary>Most bytes a command line may have here, with its NUL.</summary>
    public const int CommandLineSpace = 0x1_0000;

    /// <summary>End of usable low memory; the extended BIOS data area would begin here.</summary>
    public const ulong UsableEnd = 0x9_FC00;

    /// <summary>ACPI tables, RSDP first.</summary>
    public const ulong AcpiTables = 0xE_0000;

    /// <summary>SMBIOS entry point and tables.</summary>
    public const ulong Smbios = 0xF_0000;

    /// <summary>Bytes for each of the two table areas.</summary>
    public const int TableSpace = 0x1_0000;

    /// <summary>First byte of extended memory.</summary>
    public const ulong HighStart = 0x10_0000;
}
