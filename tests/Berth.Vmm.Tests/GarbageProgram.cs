using System.Buffers.Binary;
using Berth.Devices.Chipset;
using Berth.Machine;
using Berth.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Vmm.Tests;

/// <summary>A guest that reads and writes random values at random ports, device memory and model-specific registers, now and then with
/// interrupts on, and switches the machine off when it has done its rounds. Flat 32-bit code; every exception and interrupt goes on with the next round.</summary>
internal static class GarbageProgram
{
    private const uint Counter = 0x5000, Finished = 0x5004, Stack = 0x5F00, Ports = 0x6000, Registers = 0x6800, Windows = 0x6C00, Masks = 0x6D00,
        Gdt = 0x7000, Idt = 0x8000, Handler = 0x9000, Code = 0x1_0000;
    private const int TableLength = 64;

    // The ports at which something answers; those that switch off or reset are met by chance only.
    private static readonly ushort[] s_ports =
        [0x20, 0x21, 0xA0, 0xA1, 0x4D0, 0x40, 0x41, 0x42, 0x43, 0x61, 0x70, 0x71, 0x80, 0x3F8, 0x3F9, 0x3FA, 0x3FB, 0x3FC, 0x3FD, 0x3FE, 0x600, 0x608,
         0x620, 0x622, 0xCF8, 0xCFC, 0xCFD, 0xCFE, 0xCFF];

    private static readonly (uint Start, uint Mask)[] s_windows =
    [
        ((uint)PlatformMap.PciMemoryStart, 0x3_FFFF), ((uint)PlatformMap.PciMemoryStart, 0x3_FFFF), ((uint)PlatformMap.EcamBase, 0x3_FFFF), ((uint)PlatformMap.EcamBase, 0xF_FFFF),
        ((uint)IoApic.DefaultAddress, 0x1F), ((uint)IoApic.DefaultAddress, 0xFFF), (0xFEE0_0000, 0x3FF), (0xF000_0000, 0xFFF_FFFF),
    ];

    /// <summary>Puts the program into memory; answers the boot processor's first registers.</summary>
    public static CpuRegisters Load(GuestMemory memory, uint seed, int rounds)
    {
        for (uint i = 0; i < TableLength; i++)
        {
            Write32(memory, Registers + i * 4, i < 48 ? 0x800 + i : i switch { 48 => Msr.ApicBase, < 54 => Msr.TscDeadline, 54 => Msr.Tsc, 55 => Msr.TscAdjust, 56 => Msr.KvmSystemTime, 57 => Msr.KvmWallClock, 58 => Msr.Pat, _ => 0x830 });
            BinaryPrimitives.WriteUInt16LittleEndian(memory.Span(Ports + i * 2, 2), s_ports[i % s_ports.Length]);
        }
        for (uint i = 0; i < s_windows.Length; i++)
        {
            Write32(memory, Windows + i * 4, s_windows[i].Start);
            Write32(memory, Masks + i * 4, s_windows[i].Mask);
        }
        Write32(memory, Counter, (uint)rounds);
        BinaryPrimitives.WriteUInt64LittleEndian(memory.Span(Gdt + 8, 8), 0x00CF_9B00_0000_FFFF);
        BinaryPrimitives.WriteUInt64LittleEndian(memory.Span(Gdt + 16, 8), 0x00CF_9300_0000_FFFF);
        for (uint vector = 0; vector < 256; vector++)
            BinaryPrimitives.WriteUInt64LittleEndian(memory.Span(Idt + vector * 8, 8), 0x0000_8E00_0008_0000 | Handler);
        Assemble(memory, Handler, static a =>
        {
            a.mov(esp, Stack);
            a.jmp(ebp);
        });
        Assemble(memory, Code, Write);
        return First(seed);
    }

    /// <summary>Whether the program did all of its rounds.</summary>
    public static bool HasFinished(GuestMemory memory) => memory.Span(Finished, 1)[0] == 1;

    private static void Write32(GuestMemory memory, uint address, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(memory.Span(address, 4), value);

    private static void Assemble(GuestMemory memory, uint at, Action<Assembler> write)
    {
        var a = new Assembler(32);
        write(a);
        using var stream = new MemoryStream();
        a.Assemble(new StreamCodeWriter(stream), at);
        Assert.True(memory.Write(at, stream.ToArray()));
    }

    private static CpuRegisters First(uint seed)
    {
        const SegmentAttributes data = SegmentAttributes.Present | SegmentAttributes.NonSystem | SegmentAttributes.WritableOrReadable | SegmentAttributes.Accessed
            | SegmentAttributes.Big | SegmentAttributes.PageGranular;
        CpuRegisters r = CpuRegisters.AtReset();
        r.Cr0 = Cr0.ProtectionEnable | Cr0.ExtensionType | Cr0.NumericError;
        r.Gdt = new(Gdt, 23);
        r.Idt = new(Idt, 0x7FF);
        r.Rip = Code;
        for (int i = 0; i < 6; i++) r.Segments[i] = new() { Selector = 16, Limit = uint.MaxValue, Attributes = data };
        r.Segments[(int)SegmentName.Cs] = new() { Selector = 8, Limit = uint.MaxValue, Attributes = data | SegmentAttributes.Code };
        r.General[(int)GeneralRegister.Rsi] = seed * 2 + 1;
        return r;
    }

    // esi: generator; edi: value; ebx: choices; ebp: where exceptions go on.
    private static void Write(Assembler a)
    {
        Label loop = a.CreateLabel(), done = a.CreateLabel(), random = a.CreateLabel(), ports = a.CreateLabel(), memory = a.CreateLabel(), registers = a.CreateLabel();
        a.Label(ref loop);
        a.mov(esp, Stack);
        a.mov(ebp, Code);
        a.dec(__dword_ptr[Counter]);
        a.jz(done);
        a.call(random);
        a.mov(edi, eax);
        a.call(random);
        a.mov(ebx, eax);
        a.and(eax, 7);
        a.cmp(eax, 3);
        a.jb(ports);
        a.cmp(eax, 6);
        a.jb(memory);
        a.je(registers);
        a.sti();
        a.nop();
        a.nop();
        a.cli();
        a.jmp(loop);
        WritePorts(a, ref ports, random, loop);
        WriteMemory(a, ref memory, random, loop);
        WriteRegisters(a, ref registers, random, loop);
        a.Label(ref done);
        a.mov(__byte_ptr[Finished], 1);
        a.mov(edx, PlatformMap.AcpiPort + AcpiPm.ControlOffset);
        a.mov(eax, 1 << 13 | AcpiPm.SleepTypeOff << 10);
        a.@out(dx, ax);
        a.jmp(loop);
        // xorshift32
        a.Label(ref random);
        foreach (int shift in (int[])[13, -17, 5])
        {
            a.mov(eax, esi);
            if (shift > 0) a.shl(eax, (byte)shift);
            else a.shr(eax, (byte)-shift);
            a.xor(esi, eax);
        }
        a.mov(eax, esi);
        a.ret();
    }

    private static void WritePorts(Assembler a, ref Label start, Label random, Label loop)
    {
        Label any = a.CreateLabel(), read = a.CreateLabel();
        a.Label(ref start);
        a.call(random);
        a.mov(edx, eax);
        a.test(ebx, 0x300);
        a.jz(any);
        a.and(edx, TableLength - 1);
        a.movzx(edx, __word_ptr[edx * 2 + Ports]);
        a.Label(ref any);
        a.mov(eax, edi);
        a.test(ebx, 0x1000);
        a.jz(read);
        Sized(a, loop, static a => a.@out(dx, al), static a => a.@out(dx, ax), static a => a.@out(dx, eax));
        a.Label(ref read);
        Sized(a, loop, static a => a.@in(al, dx), static a => a.@in(ax, dx), static a => a.@in(eax, dx));
    }

    private static void WriteMemory(Assembler a, ref Label start, Label random, Label loop)
    {
        Label odd = a.CreateLabel(), read = a.CreateLabel();
        a.Label(ref start);
        a.call(random);
        a.mov(ecx, eax);
        a.and(ecx, s_windows.Length - 1);
        a.call(random);
        a.and(eax, __[ecx * 4 + Masks]);
        a.mov(edx, __[ecx * 4 + Windows]);
        a.test(ebx, 0x700);
        a.jz(odd);
        a.and(eax, ~3);
        a.Label(ref odd);
        a.add(edx, eax);
        a.mov(eax, edi);
        a.test(ebx, 0x1000);
        a.jz(read);
        Sized(a, loop, static a => a.mov(__[edx], al), static a => a.mov(__[edx], ax), static a => a.mov(__[edx], eax));
        a.Label(ref read);
        Sized(a, loop, static a => a.mov(al, __[edx]), static a => a.mov(ax, __[edx]), static a => a.mov(eax, __[edx]));
    }

    private static void WriteRegisters(Assembler a, ref Label start, Label random, Label loop)
    {
        Label narrow = a.CreateLabel(), read = a.CreateLabel();
        a.Label(ref start);
        a.call(random);
        a.and(eax, TableLength - 1);
        a.mov(ecx, __[eax * 4 + Registers]);
        a.xor(edx, edx);
        a.test(ebx, 0x800);
        a.jz(narrow);
        a.call(random);
        a.mov(edx, eax);
        a.Label(ref narrow);
        a.mov(eax, edi);
        a.test(ebx, 0x1000);
        a.jz(read);
        a.wrmsr();
        a.jmp(loop);
        a.Label(ref read);
        a.rdmsr();
        a.jmp(loop);
    }

    // Four bytes half of the time.
    private static void Sized(Assembler a, Label loop, Action<Assembler> one, Action<Assembler> two, Action<Assembler> four)
    {
        Label wide = a.CreateLabel(), middle = a.CreateLabel();
        a.test(ebx, 0x2000);
        a.jz(wide);
        a.test(ebx, 0x4000);
        a.jz(middle);
        one(a);
        a.jmp(loop);
        a.Label(ref middle);
        two(a);
        a.jmp(loop);
        a.Label(ref wide);
        four(a);
        a.jmp(loop);
    }
}
