using Berth.Boot.Acpi;
using Berth.Boot.Kernels;
using Berth.Boot.Layout;
using Berth.Boot.Smbios;
using Berth.Machine;
using Berth.X86;

namespace Berth.Boot;

/// <summary>Puts kernel, initrd, command line and firmware tables into memory and gives the boot processor's first registers.</summary>
public static class DirectBoot
{
    private const ulong EntryOffset = 0x200;

    // MTRRs on, write-back where none applies.
    private const ulong MtrrWriteBack = 1 << 11 | 6;

    /// <summary>Model-specific registers that firmware would have set on every processor before it left.</summary>
    public static IReadOnlyList<(uint Index, ulong Value)> ProcessorMsrs { get; } = [(Msr.MtrrDefaultType, MtrrWriteBack), (Msr.MiscEnable, 1)];

    /// <summary>Loads everything; nothing is written before all of it is known to fit.</summary>
    /// <exception cref="BootException">Something does not fit or is malformed.</exception>
    public static CpuRegisters Load(GuestMemory memory, DirectBootConfig config)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(config);
        KernelImage kernel = config.Kernel;
        byte[] commandLine = CommandLine.Encode(config.CommandLine, kernel);
        Initrd.Validate(config.Initrd.Span);
        CheckMemory(memory, kernel);
        ulong initrd = Initrd.Place(config.Initrd.Length, kernel, memory);
        AcpiTables? acpi = config.Acpi is { } platform ? AcpiTables.Build(platform, LowMemory.AcpiTables, LowMemory.TableSpace) : null;
        byte[] smbios = config.Smbios is { } identity ? SmbiosTables.Build(identity, memory, LowMemory.Smbios) : [];

        memory.Write(LowMemory.CommandLine, commandLine);
        memory.Write(initrd, config.Initrd.Span);
        memory.Write(LowMemory.Smbios, smbios);
        if (acpi != null) memory.Write(LowMemory.AcpiTables, acpi.Bytes);
        IReadOnlyList<E820Entry> map = MemoryMap.Build(memory, config.Acpi?.EcamAddress ?? 0, config.Acpi?.EcamLength ?? 0);
        var boot = new BootParameters(map, initrd, config.Initrd.Length, acpi?.RsdpAddress ?? 0);
        ulong entry = LoadKernel(memory, kernel);
        return kernel is ElfImage { PvhEntry: { } pvh } ? EnterPvh(memory, boot, pvh) : EnterLinux(memory, kernel, boot, entry);
    }

    private static void CheckMemory(GuestMemory memory, KernelImage kernel)
    {
        (_, ulong end) = kernel.Footprint;
        if (end <= memory.Regions[0].End) return;
        throw new BootException(BootErrorCode.MemoryTooSmall,
            $"memory: {memory.Size >> 20} MiB are too small for this kernel; give the machine at least {(end + 0xFFFFF) >> 20} MiB");
    }

    private static ulong LoadKernel(GuestMemory memory, KernelImage kernel)
    {
        if (kernel is BzImage image)
        {
            memory.Write(image.LoadAddress, image.Code.Span);
            return image.LoadAddress + EntryOffset;
        }
        var elf = (ElfImage)kernel;
        foreach (ElfImage.Segment segment in elf.Segments) memory.Write(segment.Address, elf.File.Span.Slice(segment.FileOffset, segment.FileLength));
        return elf.Entry;
    }

    // [LINUX-BOOT] "64-bit Boot Protocol": long mode, flat segments, RSI = zero page, interrupts off.
    private static CpuRegisters EnterLinux(GuestMemory memory, KernelImage kernel, BootParameters boot, ulong entry)
    {
        ZeroPage.Write(memory, kernel, boot);
        CpuRegisters registers = new()
        {
            Rip = entry,
            Cr0 = Cr0.ProtectionEnable | Cr0.ExtensionType | Cr0.NumericError | Cr0.Paging,
            Cr3 = PageTables.Write(memory),
            Cr4 = Cr4.PhysicalAddressExtension,
            Efer = Efer.LongModeEnable | Efer.LongModeActive,
        };
        registers.General[(int)GeneralRegister.Rsi] = LowMemory.ZeroPage;
        registers.General[(int)GeneralRegister.Rsp] = LowMemory.StackTop;
        BootSegments.Load(memory, registers, longMode: true);
        return registers;
    }

    // [PVH]: protected mode without paging, EBX = start info.
    private static CpuRegisters EnterPvh(GuestMemory memory, BootParameters boot, uint entry)
    {
        PvhStartInfo.Write(memory, boot);
        CpuRegisters registers = new() { Rip = entry, Cr0 = Cr0.ProtectionEnable | Cr0.ExtensionType };
        registers.General[(int)GeneralRegister.Rbx] = LowMemory.StartInfo;
        registers.General[(int)GeneralRegister.Rsp] = LowMemory.StackTop;
        BootSegments.Load(memory, registers, longMode: false);
        return registers;
    }
}
