using System.Buffers.Binary;
using Berth.Machine;
using Berth.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Cpu.Tests.Guests;

/// <summary>A small machine for guests assembled in a test: 4 MiB of RAM, identity-mapped, in long mode at CPL 0, with an IDT whose
/// handlers record vector, error code and frame, then stop the processor.</summary>
internal sealed class Guest : IDisposable
{
    public const ulong Code = 0x10_0000, UserCode = 0x18_0000, Data = 0x20_0000, StackTop = 0x30_0000, IstTop = 0x31_0000, InnerTop = 0x32_0000;
    public const ulong Pml4 = 0x1000, Pdpt = 0x2000, Directory = 0x3000, Table0 = 0x4000, Table1 = 0x5000;
    public const ulong Gdt = 0x8000, Idt = 0x9000, Tss = 0xA000, Handlers = 0xB000, Record = 0xF000;
    // Those of user code are Linux's.
    public const ushort KernelCode = 0x08, KernelData = 0x10, TssSelector = 0x18, UserData = 0x28 | 3, UserCode64 = 0x30 | 3, Code32 = 0x40, Data32 = 0x48;

    public const ulong Rw = PageEntry.Present | PageEntry.Writable, User = PageEntry.User;

    public Guest(GuestEngine engine, int cpus = 1, bool longMode = true, Func<int, ICpuSignals, ILocalApic>? apics = null,
        IExternalInterrupts? pic = null, Action<byte>? endOfInterrupt = null)
    {
        Memory = new GuestMemory(4 << 20);
        Config = new VirtualMachineConfig
        {
            Memory = Memory,
            Ports = Ports,
            Mmio = Mmio,
            Clock = new GuestClock(TimeProvider.System),
            CpuCount = cpus,
            CountInstructions = true,
            LocalApics = apics,
            ExternalInterrupts = pic,
            EndOfInterrupt = endOfInterrupt,
        };
        Machine = engine.CreateMachine(Config);
        for (int i = 0; i < cpus; i++) engine.Prepare(Machine.CreateCpu());
        Cpu = engine.Watch(Machine.Cpus[0]);
        BuildTables();
        if (!longMode) return;
        foreach (IVirtualCpu cpu in Machine.Cpus) engine.Watch(cpu).SetRegisters(LongMode(cpu.Index));
    }

    public VirtualMachineConfig Config { get; }

    public GuestMemory Memory { get; }

    public PortBus Ports { get; } = new();

    public MmioBus Mmio { get; } = new();

    public IVirtualMachine Machine { get; }

    public IVirtualCpu Cpu { get; }

    /// <summary>Vector that stopped the guest, or -1.</summary>
    public int Vector => (int)Read(Record);

    public ulong ErrorCode => Read(Record + 8);

    public ulong FaultRip => Read(Record + 16);

    public ulong FaultCs => Read(Record + 24);

    public ulong FaultFlags => Read(Record + 32);

    public ulong FaultRsp => Read(Record + 40);

    public ulong FaultSs => Read(Record + 48);

    public ulong HandlerRsp => Read(Record + 56);

    public ulong Read(ulong address) => BinaryPrimitives.ReadUInt64LittleEndian(Memory.Span(address, 8));

    public void Write(ulong address, ulong value)
    {
        Span<byte> raw = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(raw, value);
        Assert.True(Memory.Write(address, raw));
    }

    /// <summary>Sets the leaf entry of a page below 4 MiB.</summary>
    public void Map(ulong page, ulong entry) => Write((page < 0x20_0000 ? Table0 : Table1) + ((page >> 12 & 511) * 8), entry);

    public ulong Entry(ulong page) => Read((page < 0x20_0000 ? Table0 : Table1) + ((page >> 12 & 511) * 8));

    /// <summary>Assembles code at an address.</summary>
    public ulong Assemble(Action<Assembler> write, ulong at = Code, int bitness = 64)
    {
        var a = new Assembler(bitness);
        write(a);
        using var stream = new MemoryStream();
        a.Assemble(new StreamCodeWriter(stream), at);
        Assert.True(Memory.Write(at, stream.ToArray()));
        return at + (ulong)stream.Length;
    }

    /// <summary>Assembles code followed by HLT and runs it.</summary>
    public CpuExit Run(Action<Assembler> write)
    {
        Assemble(a =>
        {
            write(a);
            a.hlt();
        });
        return Cpu.Run();
    }

    /// <summary>Assembles user code and enters it by IRETQ.</summary>
    public CpuExit RunUser(Action<Assembler> write, ulong flags = 0x202)
    {
        Assemble(write, UserCode);
        return Run(a => EnterUser(a, flags));
    }

    public static void EnterUser(Assembler a, ulong flags = 0x202)
    {
        a.push(UserData);
        a.mov(rax, StackTop - 0x1000);
        a.push(rax);
        a.push((int)flags);
        a.push(UserCode64);
        a.mov(rax, UserCode);
        a.push(rax);
        a.iretq();
    }

    private void BuildTables()
    {
        Write(Pml4, Pdpt | Rw | User);
        Write(Pdpt, Directory | Rw | User);
        Write(Directory, Table0 | Rw | User);
        Write(Directory + 8, Table1 | Rw | User);
        // Supervisor pages but for user code, data and user stack.
        for (ulong page = 0; page < 0x40_0000; page += 0x1000)
        {
            bool user = page is >= UserCode and < UserCode + 0x8000 or >= Data and < Data + 0x8_0000 or >= StackTop - 0x4000 and < StackTop - 0x1000;
            Map(page, page | Rw | (user ? User : 0));
        }
        Write(Gdt + KernelCode, 0x00AF_9B00_0000_FFFF);
        Write(Gdt + KernelData, 0x00CF_9300_0000_FFFF);
        Write(Gdt + (UserData & ~3UL), 0x00CF_F300_0000_FFFF);
        Write(Gdt + (UserCode64 & ~3UL), 0x00AF_FB00_0000_FFFF);
        Write(Gdt + TssSelector, SegmentDescriptor.Create((uint)Tss, 0x67, SegmentAttributes.Present | (SegmentAttributes)SystemType.Tss).Raw);
        Write(Gdt + Code32, 0x00CF_9B00_0000_FFFF);
        Write(Gdt + Data32, 0x00CF_9300_0000_FFFF);
        Write(Tss + 4, InnerTop);
        Write(Tss + 36, IstTop);
        // No I/O permission bitmap.
        Write(Tss + 96, 0xFFFFUL << 48);
        Write(Record, ulong.MaxValue);
        for (int vector = 0; vector < 256; vector++) Handler(vector);
    }

    private void Handler(int vector)
    {
        ulong at = Handlers + ((ulong)vector * 0x20);
        if (vector < 64)
        {
            bool error = vector is 8 or 10 or 11 or 12 or 13 or 14 or 17;
            Assemble(a =>
            {
                if (!error) a.push(0);
                a.push(vector);
                a.jmp(0xE000);
            }, at);
        }
        if (vector == 0)
        {
            Assemble(a =>
            {
                a.mov(__qword_ptr[Record + 56], rsp);
                a.pop(__qword_ptr[Record]);
                for (int i = 1; i <= 6; i++) a.pop(__qword_ptr[Record + ((ulong)i * 8)]);
                a.cli();
                a.hlt();
            }, 0xE000);
        }
        Gate(vector, at);
    }

    /// <summary>Points a vector at a handler.</summary>
    public void Gate(int vector, ulong target, int ist = 0, int dpl = 0, bool present = true, int type = SystemType.InterruptGate)
    {
        ulong low = (target & 0xFFFF) | (ulong)KernelCode << 16 | (ulong)ist << 32 | (ulong)(type | dpl << 5 | (present ? 0x80 : 0)) << 40 | (target >> 16 & 0xFFFF) << 48;
        Write(Idt + ((ulong)vector * 16), low);
        Write(Idt + ((ulong)vector * 16) + 8, target >> 32);
    }

    public static CpuRegisters LongMode(int index)
    {
        CpuRegisters r = CpuRegisters.AtReset();
        r.Rip = Code;
        r.Flags = RFlags.Fixed;
        r.Cr0 = Cr0.ProtectionEnable | Cr0.Paging | Cr0.NumericError | Cr0.WriteProtect | Cr0.ExtensionType;
        r.Cr4 = Cr4.PhysicalAddressExtension | Cr4.Fxsr | Cr4.SimdExceptions | Cr4.Xsave | Cr4.Fsgsbase;
        r.Efer = Efer.LongModeEnable | Efer.LongModeActive | Efer.NoExecute | Efer.SystemCall;
        r.Cr3 = Pml4;
        r.Xcr0 = 7;
        r.Gdt = new(Gdt, 0x4F);
        r.Idt = new(Idt, 0xFFF);
        r.TaskRegister = new Segment { Base = Tss, Limit = 0x67, Selector = TssSelector, Attributes = SegmentAttributes.Present | (SegmentAttributes)SystemType.TssBusy };
        const SegmentAttributes data = SegmentAttributes.Present | SegmentAttributes.NonSystem | SegmentAttributes.WritableOrReadable | SegmentAttributes.Accessed;
        for (int i = 0; i < 6; i++) r.Segments[i] = new Segment { Selector = KernelData, Limit = uint.MaxValue, Attributes = data | SegmentAttributes.Big };
        r.Segments[(int)SegmentName.Cs] = new Segment { Selector = KernelCode, Limit = uint.MaxValue, Attributes = data | SegmentAttributes.Code | SegmentAttributes.Long };
        r.General[(int)GeneralRegister.Rsp] = StackTop - ((ulong)index * 0x1000);
        return r;
    }

    public void Dispose()
    {
        Machine.Dispose();
        Memory.Dispose();
    }
}
