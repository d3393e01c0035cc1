using Berth.Devices.Chipset;
using Berth.Devices.Virtio;

namespace Berth.Vmm.Boards;

/// <summary>Every device a board may have, one line each, in the order in which they are attached.</summary>
internal static class DeviceCatalog
{
    /// <summary>By which the guest finds the shared folders.</summary>
    public const string SharedTag = "berth";

    public static IReadOnlyList<(string Name, Action<Board> Attach)> All { get; } =
    [
        ("8259 interrupt controllers", static b => b.Pic.Attach(b.Ports)),
        ("I/O APIC", static b => b.Mmio.Add(IoApic.DefaultAddress, IoApic.Length, b.IoApic)),
        ("8254 timer", static b => new Pit(b.Timers, b.Router.IsaLine(0)).Attach(b.Ports)),
        ("real-time clock", static b => new CmosRtc(TimeProvider.System, b.Timers, b.Router.IsaLine(8), b.Memory.Size).Attach(b.Ports)),
        ("16550 serial port", static b => b.Serial.Attach(b.Ports, 0x3F8)),
        ("reset ports", static b => b.ResetPorts.Attach(b.Ports)),
        ("debug port", static b => new DebugPort().Attach(b.Ports)),
        ("ACPI fixed hardware", static b => b.Ports.Add(new(PlatformMap.AcpiPort, AcpiPm.Length), new AcpiPm(b.Timers, b.Router.IsaLine(PlatformMap.SciIrq), b))),
        ("virtio block", static b => b.AddEach(b.Backends.Disks, static disk => new VirtioBlock(disk))),
        ("virtio network", static b => b.AddCards()),
        ("virtio console", static b => b.Add(new VirtioConsole([new VirtioConsolePort("", new SilentSink()), b.Backends.AgentPort]))),
        ("virtio entropy", static b => b.Add(new VirtioEntropy())),
        ("virtio balloon", static b => b.Add(new VirtioBalloon(b.Memory.Discard))),
        ("virtio file system", static b => b.AddEach(b.Backends.FileSystems, static files => new VirtioFileSystem(files, SharedTag))),
    ];
}
