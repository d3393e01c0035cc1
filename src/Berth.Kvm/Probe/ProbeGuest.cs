using System.Buffers.Binary;
using Berth.Machine;
using Berth.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Kvm.Probe;

/// <summary>A kernel of one page, in the upper half of the address space as distributions' kernels are.</summary>
internal static class ProbeGuest
{
    /// <summary>Bytes of RAM it needs.</summary>
    public const ulong MemorySize = 2 << 20;

    /// <summary>Where it writes the number of the stage that begins.</summary>
    public const ushort StagePort = 0xF0;

    /// <summary>Rounds of its last stage.</summary>
    public const int LoopCount = 2_000_000;

    /// <summary>Stages that need the host, and how it ends.</summary>
    public const byte LevelStage = 5, LoopStage = 6, Success = 0x80, Failure = 0x81;

    /// <summary>The vector of its level-triggered interrupt.</summary>
    public const byte LevelVector = 0x51;

    private const byte TimerVector = 0x50;
    private const ulong Base = 0xFFFF_FFFF_8000_0000, Apic = Base + (2 << 20);
    private const ulong Pml4 = 0x1000, Pdpt = 0x2000, Directory = 0x3000, Gdt = 0x4000, Idt = 0x5000, Tss = 0x6000, Data = 0x7000, Stack = 0xA000, Code = 0x1_0000, Handlers = 0x1_8000;
    private const ulong Counter = Base + Data, Pair = Base + Data + 16, Area = Base + Data + 0x400;

    /// <summary>Writes tables and code.</summary>
    public static void Load(GuestMemory memory)
    {
        const ulong entry = PageEntry.Present | PageEntry.Writable;
        // The last 2 GiB: our memory, then the APIC's page, in large pages.
        Write(memory, Pml4 + 511 * 8, Pdpt | entry);
        Write(memory, Pdpt + 510 * 8, Directory | entry);
        Write(memory, Directory, entry | PageEntry.Large);
        Write(memory, Directory + 8, 0xFEE0_0000 | entry | PageEntry.Large);
        Write(memory, Gdt + 8, 0x00AF_9B00_0000_FFFF);
        Write(memory, Gdt + 16, 0x00CF_9300_0000_FFFF);
        ulong count = Handler(memory, 0, static a => { });
        Gate(memory, ExceptionVector.Breakpoint, count);
        ulong ending = Handler(memory, 0x100, static a =>
        {
            a.mov(r8, Apic);
            a.mov(__dword_ptr[r8 + 0xB0], 0);
        });
        Gate(memory, TimerVector, ending);
        Gate(memory, LevelVector, ending);
        Assemble(memory, Code, Run);
    }

    /// <summary>The state in which it begins.</summary>
    public static CpuRegisters Registers
    {
        get
        {
            const SegmentAttributes data = SegmentAttributes.Present | SegmentAttributes.NonSystem | SegmentAttributes.WritableOrReadable | SegmentAttributes.Accessed;
            CpuRegisters r = CpuRegisters.AtReset();
            r.Rip = Base + Code;
            r.General[(int)GeneralRegister.Rsp] = Base + Stack;
            r.Cr0 = Cr0.ProtectionEnable | Cr0.Paging | Cr0.NumericError | Cr0.WriteProtect | Cr0.ExtensionType;
            r.Cr3 = Pml4;
            r.Cr4 = Cr4.PhysicalAddressExtension | Cr4.Fxsr | Cr4.SimdExceptions | Cr4.Xsave;
            r.Efer = Efer.LongModeEnable | Efer.LongModeActive | Efer.NoExecute | Efer.SystemCall;
            r.Xcr0 = 3;
            r.Gdt = new(Base + Gdt, 0x17);
            r.Idt = new(Base + Idt, 0xFFF);
            r.TaskRegister = new Segment { Base = Base + Tss, Limit = 0x67, Attributes = SegmentAttributes.Present | (SegmentAttributes)SystemType.TssBusy };
            for (int i = 0; i < 6; i++) r.Segments[i] = new Segment { Selector = 16, Limit = uint.MaxValue, Attributes = data | SegmentAttributes.Big | SegmentAttributes.PageGranular };
            r.Segments[(int)SegmentName.Cs] = new Segment { Selector = 8, Limit = uint.MaxValue, Attributes = data | SegmentAttributes.Code | SegmentAttributes.Long | SegmentAttributes.PageGranular };
            return r;
        }
    }

    private static void Run(Assembler a)
    {
        Label failed = a.CreateLabel();
        Stage(a, 0);

        Stage(a, 1);
        a.mov(rsi, Pair);
        a.mov(__qword_ptr[rsi], 1);
        a.mov(__qword_ptr[rsi + 8], 2);
        a.mov(eax, 1);
        a.mov(edx, 2);
        a.mov(ebx, 3);
        a.mov(ecx, 4);
        a.@lock.cmpxchg16b(__xmmword_ptr[rsi]);
        a.jne(failed);
        a.cmp(__qword_ptr[rsi + 8], 4);
        a.jne(failed);

        Stage(a, 2);
        a.mov(rdi, Area);
        a.movq(xmm3, rsi);
        a.mov(eax, 3);
        a.xor(edx, edx);
        a.xsave64(__[rdi]);
        a.xorps(xmm3, xmm3);
        a.xrstor64(__[rdi]);
        a.movq(rax, xmm3);
        a.cmp(rax, rsi);
        a.jne(failed);

        Stage(a, 3);
        a.mov(rbx, Counter);
        a.int3();
        a.cmp(__qword_ptr[rbx], 1);
        a.jne(failed);

        Stage(a, 4);
        a.mov(r8, Apic);
        a.mov(__dword_ptr[r8 + 0xF0], 0x1FF);
        a.mov(__dword_ptr[r8 + 0x3E0], 0xB);
        a.mov(__dword_ptr[r8 + 0x320], TimerVector);
        a.mov(__dword_ptr[r8 + 0x380], 100_000);
        Wait(a, 2);

        Stage(a, LevelStage);
        Wait(a, 3);

        Stage(a, LoopStage);
        a.mov(ecx, LoopCount);
        Label loop = a.CreateLabel();
        a.Label(ref loop);
        a.add(__dword_ptr[rbx + 8], 1);
        a.dec(ecx);
        a.jnz(loop);
        Stage(a, Success);
        a.hlt();
        a.Label(ref failed);
        Stage(a, Failure);
        a.hlt();
    }

    private static void Stage(Assembler a, byte number)
    {
        a.mov(al, number);
        a.@out((byte)StagePort, al);
    }

    // Sleeps until so many handlers have run.
    private static void Wait(Assembler a, int count)
    {
        Label again = a.CreateLabel(), done = a.CreateLabel();
        a.Label(ref again);
        a.cli();
        a.cmp(__qword_ptr[rbx], count);
        a.jae(done);
        a.sti();
        a.hlt();
        a.jmp(again);
        a.Label(ref done);
        a.nop();
    }

    // Counts, then does what it must.
    private static ulong Handler(GuestMemory memory, ulong offset, Action<Assembler> rest)
    {
        Assemble(memory, Handlers + offset, a =>
        {
            a.push(r8);
            a.inc(__qword_ptr[rbx]);
            rest(a);
            a.pop(r8);
            a.iretq();
        });
        return Base + Handlers + offset;
    }

    private static void Gate(GuestMemory memory, int vector, ulong target)
    {
        Write(memory, Idt + (ulong)vector * 16, (target & 0xFFFF) | 8ul << 16 | (ulong)(0x80 | SystemType.InterruptGate) << 40 | (target >> 16 & 0xFFFF) << 48);
        Write(memory, Idt + (ulong)vector * 16 + 8, target >> 32);
    }

    private static void Assemble(GuestMemory memory, ulong at, Action<Assembler> write)
    {
        Assembler a = new(64);
        write(a);
        using MemoryStream stream = new();
        a.Assemble(new StreamCodeWriter(stream), Base + at);
        memory.Write(at, stream.ToArray());
    }

    private static void Write(GuestMemory memory, ulong address, ulong value)
    {
        Span<byte> raw = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(raw, value);
        memory.Write(address, raw);
    }
}
