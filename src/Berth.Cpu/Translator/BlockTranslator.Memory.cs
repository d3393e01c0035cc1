using Berth.Cpu.Interpreter;
using Berth.Cpu.State;
using Iced.Intel;

namespace Berth.Cpu.Translator;

/// <summary>Guest memory: addresses, the TLB, and what follows a store.</summary>
internal sealed partial class BlockTranslator
{
    private const int R10 = HostRegisters.Address, R11 = HostRegisters.Scratch;

    private int Tlb => CpuMemory.TlbOffset + (_mode * CpuMemory.TlbLength);

    /// <summary>Linear address of the memory operand into R10. R11 and flags are lost only where a segment or register of the state takes part.</summary>
    private void EmitAddress(in Instruction i)
    {
        int width = Operands.AddressSize(i, 2);
        if (i.IsIPRelativeMemoryOperand) e.Constant(R10, width == 4 ? (long)(uint)i.IPRelativeMemoryAddress : (long)i.IPRelativeMemoryAddress);
        else EmitEffective(R10, i);
        if (width == 4) e.Op(0x8B, R10, R10, wide: false);
        if (i.MemorySegment is Register.FS or Register.GS) e.Gs(0x03, R10, Layout.SegmentBase(i.MemorySegment - Register.ES));
    }

    /// <summary>Offset of a memory operand; flags stay, R10 and R11 may be used.</summary>
    private void EmitEffective(int to, in Instruction i)
    {
        int @base = -1, index = -1;
        if (i.MemoryBase != Register.None) @base = Source(i.MemoryBase, R10);
        if (i.MemoryIndex != Register.None) index = Source(i.MemoryIndex, R11);
        long displacement = (long)i.MemoryDisplacement64;
        if (@base < 0 && index < 0)
        {
            e.Constant(to, displacement);
            return;
        }
        if (index < 0 && (int)displacement == 0)
        {
            if (to != @base) e.Move(to, @base);
            return;
        }
        e.LoadAddress(to, @base, index, i.MemoryIndexScale, (int)displacement);
    }

    /// <summary>The host register that holds a guest register; one of the state block is first loaded into <paramref name="scratch"/>.</summary>
    private int Source(Register register, int scratch)
    {
        int number = HostRegisters.Number(register);
        if (!HostRegisters.InMemory(number)) return HostRegisters.Host(number);
        e.Gs(0x8B, scratch, number * 8);
        return scratch;
    }

    /// <summary>R11 = offset of the TLB entry for the linear address in R10, R10 = place in its page; above, if the access is not wholly there.</summary>
    private void EmitTlbLookup(int size, bool write)
    {
        e.Bytes(0xC4, 0x43, 0x7B, 0xF0, 0xDA, 7); // rorx r11d, r10d, 7: page number times 32
        e.Immediate(4, R11, ((1 << CpuMemory.TlbBits) - 1) << 5, wide: false);
        e.GsAt(0x2B, R10, R11, Tlb + (write ? 8 : 0));
        e.Immediate(7, R10, 0x1000 - size);
    }

    /// <summary>Makes the memory operand [R10 + displacement].</summary>
    private static void ToHost(ref Instruction i, long displacement = 0)
    {
        i.MemoryBase = Register.R10;
        i.MemoryIndex = Register.None;
        i.MemoryIndexScale = 1;
        i.MemoryDisplacement64 = (ulong)displacement;
        i.MemoryDisplSize = displacement == 0 ? 0 : displacement is >= -128 and < 128 ? 1 : 8;
    }

    /// <summary>Turns the linear address in R10 into a host address; R11 then is the offset of the TLB entry.</summary>
    private void EmitProbe(int size, bool write, ulong rip, int alignment = 0)
    {
        int again = e.Position;
        EmitTlbLookup(size, write);
        _cold.Add(new(ColdKind.Fill, e.JumpIf(7), again, size | (write ? 0x100 : 0), rip));
        if (alignment > 0)
        {
            e.Bytes(0x41, 0xF6, 0xC2, (byte)(alignment - 1)); // test r10b, …
            _cold.Add(new(ColdKind.Interpret, e.JumpIf(5), 0, 0, rip));
        }
        e.GsAt(0x03, R10, R11, Tlb + 16);
        _entryInScratch = true;
    }

    /// <summary>After a store to the host address in R10: leaves if the page is watched. The instruction must be complete; flags are lost.</summary>
    private void EmitWatchCheck(int k)
    {
        EmitWatchCheck(k, new(ColdKind.Watched, 0, 0, 0, _code[k].NextIP));
    }

    /// <summary>As <see cref="EmitWatchCheck(int)"/>, with <paramref name="found"/> as what happens if the page is watched.</summary>
    private void EmitWatchCheck(int k, ColdCode found)
    {
        if (IsOnly)
        {
            _entryInScratch = false;
            return;
        }
        if (_place == FlagPlace.Host) Clobber(_live[k + 1]);
        if (_entryInScratch)
        {
            e.GsAt(0x8B, R11, R11, Tlb + 24);
            e.Bytes(0x41, 0x80, 0x3B, 0); // cmp byte [r11], 0
        }
        else
        {
            e.ShiftBy(5, R10, 12);
            e.Gs(0x03, R10, Layout.WatchBias);
            e.Bytes(0x41, 0x80, 0x3A, 0); // cmp byte [r10], 0
        }
        _cold.Add(found with { Place = e.JumpIf(5), Value = _entryInScratch ? R11 : R10 });
        _entryInScratch = false;
    }
}
