namespace Berth.Machine;

/// <summary>A local APIC.</summary>
/// <param name="BaseMsr">IA32_APIC_BASE.</param>
/// <param name="Page">The first 1024 bytes of its page as xAPIC mode shows them, the timer's current count included. Spec: [SDM3] table 11-1.</param>
public sealed record ApicSnapshot(ulong BaseMsr, byte[] Page)
{
    /// <summary>Bytes of <see cref="Page"/>.</summary>
    public const int PageLength = 0x400;
}
