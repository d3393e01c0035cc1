using Berth.Boot.Layout;

namespace Berth.Boot.Acpi;

/// <summary>Interrupt controllers. Spec: [ACPI] 5.2.12.</summary>
internal static class Madt
{
    private const uint Enabled = 1;
    private const ushort LevelActiveHigh = 0b1101;

    /// <summary>The table.</summary>
    public static byte[] Build(AcpiPlatform platform)
    {
        TableWriter body = new TableWriter().U32(platform.LocalApicAddress).U32(1); // flags: there is an 8259 pair too
        for (int i = 0; i < platform.CpuCount; i++)
        {
            if (i < 255) body.U8(0, 8, (byte)i, (byte)i).U32(Enabled);
            else body.U8(9, 16).U16(0).U32((uint)i).U32(Enabled).U32((uint)i);
        }
        body.U8(1, 12, 0, 0).U32(platform.IoApicAddress).U32(0);
        body.U8(2, 10, 0, 0).U32(2).U16(0); // the interval timer is on input 2
        body.U8(2, 10, 0, platform.SciInterrupt).U32(platform.SciInterrupt).U16(LevelActiveHigh);
        body.U8(4, 6, 0xFF).U16(0).U8(1); // NMI on LINT1 of every processor
        if (platform.CpuCount > 255) body.U8(10, 12).U16(0).U32(uint.MaxValue).U8(1, 0, 0, 0);
        return AcpiTable.Wrap("APIC", 5, body.ToArray());
    }
}
