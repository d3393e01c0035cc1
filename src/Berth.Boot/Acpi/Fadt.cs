using Berth.Boot.Layout;

namespace Berth.Boot.Acpi;

/// <summary>The fixed description: power-management registers, reset, which legacy parts are missing. Spec: [ACPI] 5.2.9.</summary>
internal static class Fadt
{
    // IAPC_BOOT_ARCH: legacy devices (COM1); no 8042; VGA not present; no ASPM.
    private const ushort BootArchitecture = 1 | 1 << 2 | 1 << 4;

    // WBINVD; C1 on all processors; no fixed sleep button; RTC wake not in fixed registers; reset register. The timer carries at bit 23.
    private const uint Flags = 1 | 1 << 2 | 1 << 5 | 1 << 6 | 1 << 10;

    /// <summary>The table.</summary>
    public static byte[] Build(AcpiPlatform platform, ulong facs, ulong dsdt)
    {
        TableWriter body = new();
        body.U32((uint)facs).U32((uint)dsdt).U8(0, 0); // reserved, preferred profile unspecified
        body.U16(platform.SciInterrupt).U32(0).U8(0, 0, 0, 0); // no SMI command: always in ACPI mode
        body.U32(platform.Pm1EventPort).U32(0).U32(platform.Pm1ControlPort).U32(0).U32(0).U32(platform.PmTimerPort).U32(platform.GpePort).U32(0);
        body.U8(4, 2, 0, 4, 4, 0, 0, 0); // lengths of PM1 event, control, PM2, timer, GPE0, GPE1; GPE1 base; no _CST
        body.U16(0xFFF).U16(0xFFF).U16(0).U16(0).U8(0, 0, 0, 0, 0); // no C2, no C3; flush, duty cycle, RTC alarm fields
        body.U16(BootArchitecture).U8(0).U32(Flags);
        Register(body, platform.ResetPort, 8).U8(platform.ResetValue);
        body.U16(0).U8(5); // ARM flags, minor version: 6.5
        body.U64(0).U64(dsdt); // the 32-bit FACS pointer serves
        Register(body, platform.Pm1EventPort, 32);
        Register(body, 0, 0);
        Register(body, platform.Pm1ControlPort, 16);
        Register(body, 0, 0);
        Register(body, 0, 0);
        Register(body, platform.PmTimerPort, 32);
        Register(body, platform.GpePort, 32);
        Register(body, 0, 0);
        Register(body, 0, 0); // sleep control and status are for hardware-reduced machines
        Register(body, 0, 0);
        body.Text("BERTH", 8);
        return AcpiTable.Wrap("FACP", 6, body.ToArray());
    }

    /// <summary>The firmware control structure, needed beside a fixed description that is not hardware-reduced.</summary>
    public static byte[] Facs() => new TableWriter().Text("FACS", 4).U32(64).Zeros(24).U8(2).Zeros(31).ToArray();

    // Generic address in I/O space: width in bits, offset 0, access size 1 = byte, 2 = word, 3 = dword.
    private static TableWriter Register(TableWriter writer, ushort port, byte bits)
    {
        byte access = bits switch { 0 => 0, 8 => 1, 16 => 2, _ => 3 };
        return writer.U8(bits == 0 ? (byte)0 : (byte)1, bits, 0, access).U64(port);
    }
}
