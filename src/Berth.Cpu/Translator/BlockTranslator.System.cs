using Berth.Cpu.Memory;
using Berth.X86;
using Iced.Intel;

namespace Berth.Cpu.Translator;

// [SDM2] CLI, CLD, SWAPGS, BT to BTC with a bit number in a register
internal sealed partial class BlockTranslator
{
    private bool IsKernel => _mode != AccessMode.User;

    private bool EmitDisableInterrupts(int k)
    {
        if (!IsKernel) return false;
        ClearSystemFlag(k, RFlags.Interrupt);
        return true;
    }

    private void ClearSystemFlag(int k, ulong flag)
    {
        Clobber(_live[k]);
        e.Gs(0x81, 4, Layout.SystemFlags);
        e.Int32(~(int)flag);
    }

    private bool EmitSwapGs()
    {
        if (!IsKernel) return false;
        e.Gs(0x8B, R10, Layout.SegmentBase((int)SegmentName.Gs));
        e.Gs(0x8B, R11, Layout.KernelGsBase);
        e.Gs(0x89, R11, Layout.SegmentBase((int)SegmentName.Gs));
        e.Gs(0x89, R11, Layout.GsBase);
        e.Gs(0x89, R10, Layout.KernelGsBase);
        return true;
    }

    private bool EmitBitString(int k, in Instruction original)
    {
        Instruction i = original;
        int size = i.Op1Register.GetSize();
        if (size == 2) return false;
        bool wide = size == 8;
        Clobber(_live[k]);
        EmitAddress(i);
        EmitWordOffset(i.Op1Register, wide);
        e.Op(0x03, R10, R11);
        EmitProbe(size, _forms[k].Writes, i.IP);
        // The host adds the same distance itself.
        EmitWordOffset(i.Op1Register, wide);
        e.Op(0x2B, R10, R11);
        i.MemoryBase = Register.R10;
        i.MemoryIndex = Register.None;
        i.MemoryIndexScale = 1;
        i.MemoryDisplacement64 = 0;
        i.MemoryDisplSize = 0;
        i.SegmentPrefix = Register.None;
        _entryInScratch = false;
        PrepareFlags(k);
        if (!EmitRenamed(i, 0, memory: true)) return false;
        _place = FlagPlace.Host;
        if (!_forms[k].Writes) return true;
        if (_live[k + 1] != 0) SaveFlags();
        EmitWordOffset(i.Op1Register, wide);
        e.Op(0x03, R10, R11);
        _place = _live[k + 1] != 0 ? FlagPlace.Memory : FlagPlace.Dead;
        EmitWatchCheck(k);
        return true;
    }

    /// <summary>Bytes between the operand and the word that holds the bit, into R11; flags are lost.</summary>
    private void EmitWordOffset(Register bit, bool wide)
    {
        int from = Source(bit, R11);
        if (wide) e.Move(R11, from);
        else e.Op(0x63, R11, from); // movsxd
        e.ShiftBy(7, R11, wide ? 6 : 5);
        e.ShiftBy(4, R11, wide ? 3 : 2);
    }
}
