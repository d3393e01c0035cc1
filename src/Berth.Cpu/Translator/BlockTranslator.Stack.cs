using Iced.Intel;

namespace Berth.Cpu.Translator;

// [SDM2] PUSH, POP, LEAVE, PUSHFQ
internal sealed partial class BlockTranslator
{
    private const int Sp = HostRegisters.Stack;

    private void StackSlot(int displacement) => e.LoadAddress(R10, Sp, -1, 1, displacement);

    private void MoveStack(int by) => e.LoadAddress(Sp, Sp, -1, 1, by);

    private bool EmitPush(int k, in Instruction i)
    {
        Clobber(_live[k]);
        StackSlot(-8);
        EmitProbe(8, write: true, i.IP);
        if (i.Op0Kind == OpKind.Register) StoreRegister(HostRegisters.Number(i.Op0Register));
        else
        {
            e.At(0xC7, 0, R10, 0);
            e.Int32((int)(long)i.GetImmediate(0));
        }
        MoveStack(-8);
        EmitWatchCheck(k);
        return true;
    }

    private void StoreRegister(int guest)
    {
        if (!HostRegisters.InMemory(guest))
        {
            e.At(0x89, HostRegisters.Host(guest), R10, 0);
            return;
        }
        e.Gs(0x8B, R11, guest * 8);
        e.At(0x89, R11, R10, 0);
        _entryInScratch = false;
    }

    private bool EmitPushMemory(int k, in Instruction i)
    {
        if (i.Op0Kind == OpKind.Register) return EmitPush(k, i);
        Clobber(_live[k]);
        EmitAddress(i);
        EmitProbe(8, write: false, i.IP);
        e.At(0x8B, R11, R10, 0);
        e.Gs(0x89, R11, Layout.Temporary);
        StackSlot(-8);
        EmitProbe(8, write: true, i.IP);
        e.Gs(0x8B, R11, Layout.Temporary);
        e.At(0x89, R11, R10, 0);
        _entryInScratch = false;
        MoveStack(-8);
        EmitWatchCheck(k);
        return true;
    }

    private bool EmitPop(int k, in Instruction i)
    {
        Clobber(_live[k]);
        StackSlot(0);
        EmitProbe(8, write: false, i.IP);
        int guest = HostRegisters.Number(i.Op0Register);
        if (guest != HostRegisters.Rsp) MoveStack(8);
        LoadRegister(guest);
        return true;
    }

    private void LoadRegister(int guest)
    {
        if (!HostRegisters.InMemory(guest))
        {
            e.At(0x8B, HostRegisters.Host(guest), R10, 0);
            return;
        }
        e.At(0x8B, R11, R10, 0);
        e.Gs(0x89, R11, guest * 8);
    }

    private bool EmitLeave(int k, in Instruction i)
    {
        Clobber(_live[k]);
        e.Move(R10, HostRegisters.Rbp);
        EmitProbe(8, write: false, i.IP);
        e.LoadAddress(Sp, HostRegisters.Rbp, -1, 1, 8);
        e.At(0x8B, HostRegisters.Rbp, R10, 0);
        return true;
    }

    private bool EmitPushFlags(int k, in Instruction i)
    {
        SaveFlags();
        if (_place == FlagPlace.Dead) return false;
        StackSlot(-8);
        EmitProbe(8, write: true, i.IP);
        // RFLAGS = system flags without RF and VM, OF from bit 0, the rest from bits 8-15 of what LAHF gave.
        e.Gs(0x0FB7, R11, Layout.RawFlags, wide: false);
        e.Gs(0x89, HostRegisters.Rax, Layout.Temporary);
        e.Op(0x8B, HostRegisters.Rax, R11, wide: false);
        e.ShiftBy(5, R11, 8, wide: false);
        e.Immediate(4, R11, 0xD5, wide: false);
        e.Immediate(4, HostRegisters.Rax, 1, wide: false);
        e.ShiftBy(4, HostRegisters.Rax, 11, wide: false);
        e.Op(0x0B, R11, HostRegisters.Rax, wide: false);
        e.Gs(0x8B, HostRegisters.Rax, Layout.SystemFlags);
        e.Immediate(4, HostRegisters.Rax, ~(int)(X86.RFlags.Virtual8086 | X86.RFlags.Resume));
        e.Op(0x0B, R11, HostRegisters.Rax);
        e.Gs(0x8B, HostRegisters.Rax, Layout.Temporary);
        e.At(0x89, R11, R10, 0);
        _entryInScratch = false;
        MoveStack(-8);
        EmitWatchCheck(k);
        return true;
    }
}
