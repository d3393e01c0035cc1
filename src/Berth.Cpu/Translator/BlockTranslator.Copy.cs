using Berth.Cpu.Interpreter;
using Iced.Intel;

namespace Berth.Cpu.Translator;

/// <summary>Instructions that the host executes itself, with registers renamed and the memory operand at a checked host address.</summary>
internal sealed partial class BlockTranslator
{
    private bool EmitCopy(int k, in Instruction original)
    {
        FormInfo form = _forms[k];
        Instruction i = original;
        bool memory = HasMemory(i), writes = memory && form.Writes;
        EmitVectorCheck(k, form.Vector, i.IP);
        if (memory)
        {
            Clobber(_live[k]);
            EmitAddress(i);
            int size = i.MemorySize.GetSize();
            int alignment = form.Vector != 0 && HostOps.NeedsAlignment(i) || i.Mnemonic == Mnemonic.Cmpxchg16b ? size : 0;
            EmitProbe(size, writes, i.IP, alignment);
            ToHost(ref i);
        }
        PrepareFlags(k);
        i.SegmentPrefix = Register.None;
        i.HasRepPrefix = i.HasRepnePrefix = false;
        if (!EmitRenamed(i, form.Written, memory)) return false;
        if (_flags[k].Changes != 0) _place = FlagPlace.Host;
        if (writes) EmitWatchCheck(k);
        return true;
    }

    /// <summary>Before the first instruction of a block that uses vector or x87 registers: has them loaded.</summary>
    private void EmitVectorCheck(int k, int need, ulong rip)
    {
        need &= ~_vectors;
        if (need == 0) return;
        Clobber(_live[k]);
        if ((need & 3) != 0) Check(Layout.VectorsLoaded, need & 3, ColdKind.Vectors, rip);
        if ((need & Forms.FloatingPoint) != 0) Check(Layout.X87Loaded, 1, ColdKind.X87, rip);
        _vectors |= need;
    }

    private void Check(int offset, int need, ColdKind kind, ulong rip)
    {
        int again = e.Position;
        e.Gs(0xF6, 0, offset, wide: false); // test byte gs:[…], need
        e.Byte(need);
        _cold.Add(new(kind, e.JumpIf(4), again, need, rip));
    }

    /// <summary>FLDCW of a word that masks all exceptions; another one is the interpreter's.</summary>
    private bool EmitLoadControl(int k, in Instruction i)
    {
        EmitVectorCheck(k, _forms[k].Vector, i.IP);
        Clobber(_live[k]);
        EmitAddress(i);
        EmitProbe(2, write: false, i.IP);
        e.At(0x0FB7, R11, R10, 0, wide: false);
        e.Immediate(4, R11, 0x3F, wide: false);
        e.Immediate(7, R11, 0x3F, wide: false);
        InterpretIf(5, i.IP);
        e.At(0xD9, 5, R10, 0, wide: false);
        return true;
    }

    /// <summary>Emits an instruction with its general registers in the host's; those of the state block are loaded before and stored after.</summary>
    private bool EmitRenamed(in Instruction original, int written, bool memory)
    {
        Instruction i = original;
        int first = -1, second = -1, stored = 0;
        for (int n = 0; n < i.OpCount; n++)
        {
            if (i.GetOpKind(n) != OpKind.Register || !i.GetOpRegister(n).IsGPR()) continue;
            Register r = i.GetOpRegister(n);
            if (HostRegisters.IsHighByte(r))
            {
                if (memory) return false;
                continue;
            }
            int number = HostRegisters.Number(r), host = HostRegisters.Host(number);
            if (HostRegisters.InMemory(number))
            {
                if (first < 0 || first == number) (first, host) = (number, R11);
                else if (!memory && (second < 0 || second == number)) (second, host) = (number, R10);
                else return false;
                if ((written >> n & 1) != 0) stored |= host == R11 ? 1 : 2;
            }
            if (host != number) i.SetOpRegister(n, HostRegisters.WithNumber(r, host));
        }
        if (first >= 0)
        {
            e.Gs(0x8B, R11, first * 8);
            _entryInScratch = false;
        }
        if (second >= 0) e.Gs(0x8B, R10, second * 8);
        if (!e.Encode(i)) return false;
        if ((stored & 1) != 0) e.Gs(0x89, R11, first * 8);
        if ((stored & 2) != 0) e.Gs(0x89, R10, second * 8);
        return true;
    }

    private bool EmitLoadAddress(in Instruction i)
    {
        int number = HostRegisters.Number(i.Op0Register), size = i.Op0Register.GetSize(), width = Operands.AddressSize(i, 2);
        if (size == 2) return false;
        int to = HostRegisters.InMemory(number) ? R11 : HostRegisters.Host(number);
        if (i.IsIPRelativeMemoryOperand) e.Constant(to, (long)i.IPRelativeMemoryAddress);
        else EmitEffective(to, i);
        if (size == 4 || width == 4) e.Op(0x8B, to, to, wide: false);
        if (to == R11) e.Gs(0x89, R11, number * 8);
        return true;
    }
}
