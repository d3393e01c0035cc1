namespace Berth.Boot.Acpi;

/// <summary>The differentiated description: power-off, PCI host bridge, legacy devices, processors.</summary>
internal static class Dsdt
{
    private const int PciSlots = 32;

    /// <summary>The AML behind the table's header.</summary>
    public static byte[] Build(AcpiPlatform platform)
    {
        List<byte[]> devices = [];
        if (platform.HasPci) devices.Add(HostBridge(platform));
        if (platform.HasPci && platform.EcamLength != 0) devices.Add(Motherboard(platform));
        if (platform.HasSerialPort) devices.Add(SerialPort());
        if (platform.HasRealTimeClock) devices.Add(RealTimeClock());
        for (int i = 0; i < platform.CpuCount; i++) devices.Add(Processor(i));
        byte[] off = Aml.Integer(platform.SoftOffType);
        return
        [
            .. Aml.Name("\\_S5", Aml.Package(off, off, Aml.Integer(0), Aml.Integer(0))),
            .. Aml.Scope("\\_SB", [.. devices]),
        ];
    }

    private static byte[] HostBridge(AcpiPlatform platform)
    {
        byte lastBus = (byte)(Math.Max(platform.EcamBuses, 1) - 1);
        List<byte[]> resources =
        [
            AmlResource.Buses(0, lastBus),
            AmlResource.Io(0xCF8, 8),
            AmlResource.IoWindow(0, 0xCF7),
            AmlResource.IoWindow(0xD00, 0xFFFF),
            AmlResource.Memory32(platform.PciWindow, platform.PciWindowLength),
        ];
        if (platform.PciHighWindowLength != 0) resources.Add(AmlResource.Memory64(platform.PciHighWindow, platform.PciHighWindowLength));
        return Aml.Device("PCI0",
            Aml.Name("_HID", Aml.EisaId("PNP0A08")),
            Aml.Name("_CID", Aml.EisaId("PNP0A03")),
            Aml.Name("_UID", Aml.Integer(0)),
            Aml.Name("_SEG", Aml.Integer(0)),
            Aml.Name("_BBN", Aml.Integer(0)),
            Aml.Name("_CRS", Aml.Resources([.. resources])),
            Aml.Name("_PRT", Routing()));
    }

    // Slot and pin to global interrupt; 0xFFFF means all functions of the slot. Slot 0 is the bridge itself.
    private static byte[] Routing()
    {
        List<byte[]> routes = [];
        for (int slot = 1; slot < PciSlots; slot++)
        {
            for (int pin = 0; pin < 4; pin++)
            {
                routes.Add(Aml.Package(Aml.Integer((ulong)slot << 16 | 0xFFFF), Aml.Integer((ulong)pin), Aml.Integer(0),
                    Aml.Integer((ulong)AcpiPlatform.PciInterrupt(slot, pin))));
            }
        }
        return Aml.Package([.. routes]);
    }

    // [PCI-FW] 4.1.2: the configuration window must be reserved by a motherboard resource, or Linux does not use it.
    private static byte[] Motherboard(AcpiPlatform platform) => Aml.Device("MBRD",
        Aml.Name("_HID", Aml.EisaId("PNP0C02")),
        Aml.Name("_UID", Aml.Integer(0)),
        Aml.Name("_CRS", Aml.Resources(AmlResource.Fixed32((uint)platform.EcamAddress, (uint)platform.EcamLength))));

    private static byte[] SerialPort() => Aml.Device("COM1",
        Aml.Name("_HID", Aml.EisaId("PNP0501")),
        Aml.Name("_UID", Aml.Integer(1)),
        Aml.Name("_STA", Aml.Integer(0xF)),
        Aml.Name("_CRS", Aml.Resources(AmlResource.Io(0x3F8, 8), AmlResource.Irq(4))));

    private static byte[] RealTimeClock() => Aml.Device("RTC",
        Aml.Name("_HID", Aml.EisaId("PNP0B00")),
        Aml.Name("_CRS", Aml.Resources(AmlResource.Io(0x70, 2), AmlResource.Irq(8))));

    private static byte[] Processor(int index) => Aml.Device($"C{index:X3}",
        Aml.Name("_HID", Aml.Text("ACPI0007")),
        Aml.Name("_UID", Aml.Integer((ulong)index)));
}
