namespace Berth.X86;

/// <summary>Architectural registers of one processor except MSRs and extended state.</summary>
public sealed record CpuRegisters
{
    /// <summary>RAX to R15, indexed by <see cref="GeneralRegister"/>.</summary>
    public ulong[] General { get; init; } = new ulong[16];

    /// <summary>Instruction pointer (offset into CS).</summary>
    public ulong Rip { get; set; }

    /// <summary>RFLAGS.</summary>
    public ulong Flags { get; set; } = RFlags.Fixed;

    /// <summary>ES to GS, indexed by <see cref="SegmentName"/>.</summary>
    public Segment[] Segments { get; init; } = new Segment[6];

    /// <summary>Task register.</summary>
    public Segment TaskRegister { get; set; }

    /// <summary>Local descriptor table register.</summary>
    public Segment LocalTable { get; set; }

    /// <summary>Global descriptor table register.</summary>
    public DescriptorTable Gdt { get; set; }

    /// <summary>Interrupt descriptor table register.</summary>
    public DescriptorTable Idt { get; set; }

    /// <summary>CR0.</summary>
    public ulong Cr0 { get; set; }

    /// <summary>CR2.</summary>
    public ulong Cr2 { get; set; }

    /// <summary>CR3.</summary>
    public ulong Cr3 { get; set; }

    /// <summary>CR4.</summary>
    public ulong Cr4 { get; set; }

    /// <summary>CR8, the task priority.</summary>
    public ulong Cr8 { get; set; }

    /// <summary>IA32_EFER.</summary>
    public ulong Efer { get; set; }

    /// <summary>XCR0.</summary>
    public ulong Xcr0 { get; set; } = 1;

    /// <summary>DR0 to DR3, DR6 and DR7; entries 4 and 5 are unused.</summary>
    public ulong[] Debug { get; init; } = [0, 0, 0, 0, 0, 0, 0xFFFF_0FF0, 0x400];

    /// <summary>State after power-on: real mode at F000:FFF0. Spec: [SDM3] table 9-1.</summary>
    public static CpuRegisters AtReset()
    {
        const SegmentAttributes data = SegmentAttributes.Present | SegmentAttributes.NonSystem | SegmentAttributes.WritableOrReadable | SegmentAttributes.Accessed;
        CpuRegisters registers = new()
        {
            Rip = 0xFFF0,
            Cr0 = X86.Cr0.ExtensionType | X86.Cr0.NotWriteThrough | X86.Cr0.CacheDisable,
            Idt = new(0, 0xFFFF),
            Gdt = new(0, 0xFFFF),
            LocalTable = new() { Limit = 0xFFFF, Attributes = SegmentAttributes.Present | (SegmentAttributes)SystemType.Ldt },
            TaskRegister = new() { Limit = 0xFFFF, Attributes = SegmentAttributes.Present | (SegmentAttributes)SystemType.TssBusy },
        };
        for (int i = 0; i < 6; i++) registers.Segments[i] = new() { Limit = 0xFFFF, Attributes = data };
        registers.Segments[(int)SegmentName.Cs] = new() { Base = 0xFFFF_0000, Selector = 0xF000, Limit = 0xFFFF, Attributes = data | SegmentAttributes.Code };
        return registers;
    }
}
