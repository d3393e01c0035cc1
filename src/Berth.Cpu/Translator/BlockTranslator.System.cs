using Berth.Cpu.Memory;
using Berth.Cpu.State;
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

    /// <summary>STI where nothing waits to be let in and the next instruction is translated too; else the interpreter holds interrupts off for one more.</summary>
    private bool EmitEnableInterrupts(int k)
    {
        if (!IsKernel || k + 1 >= _count || _forms[k + 1].Form == Form.Interpret) return false;
        Clobber(_live[k]);
        RuntimeStubs.Compare(e, Layout.Pending, 0);
        InterpretIf(5, _code[k].IP);
        e.Gs(0x81, 1, Layout.SystemFlags);
        e.Int32((int)RFlags.Interrupt);
        return true;
    }

    /// <summary>STAC and CLAC: under SMAP the following code belongs to another access mode.</summary>
    private bool EmitAccessUser(int k, in Instruction i)
    {
        if (!IsKernel) return false;
        bool set = i.Mnemonic == Mnemonic.Stac;
        Clobber(_live[k]);
        e.Gs(0x81, set ? 1 : 4, Layout.SystemFlags);
        e.Int32(set ? (int)RFlags.AlignmentCheck : ~(int)RFlags.AlignmentCheck);
        int mode = set && Smap ? AccessMode.SupervisorAll : AccessMode.Supervisor;
        e.Bytes(0xF3, 0x49, 0x0F, 0xAE, 0xCB); // rdgsbase r11
        e.LoadAddress(R11, R11, -1, 1, CpuMemory.TlbOffset + (mode * CpuMemory.TlbLength));
        e.Gs(0x89, R11, Layout.Tlb);
        EmitExit(i.NextIP, _live[_count]);
        return true;
    }

    /// <summary>Whether CR4.SMAP is set; code is dropped when it changes.</summary>
    public bool Smap { get; set; }

    private bool EmitReadSelector(in Instruction i)
    {
        e.Gs(0x0FB7, R11, Layout.Selector(i.Op1Register - Register.ES), wide: false);
        int guest = HostRegisters.Number(i.Op0Register);
        if (HostRegisters.InMemory(guest)) e.Gs(0x89, R11, guest * 8);
        else e.Op(0x8B, HostRegisters.Host(guest), R11, wide: false);
        return true;
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
        ToHost(ref i);
        i.SegmentPrefix = Register.None;
        _entryInScratch = false;
        PrepareFlags(k);
        if (!EmitRenamed(i, 0, memory: true)) return false;
        _place = FlagPlace.Host;
        if (!_forms[k].Writes || IsOnly) return true;
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
