using Iced.Intel;

namespace Berth.Cpu.Translator;

// [SDM2] PUSH, POP, LEAVE, PUSHFQ
internal sealed partial class BlockTranslator
{
    private const int Sp = HostRegisters.Stack;

    private void StackSlot(int displacement) => e.LoadAddress(R10, Sp, -1, 1, displacement);

    private void MoveStack(int by) => e.LoadAddress(Sp, Sp, -1, 1, by);

    /// <summary>Neighbouring pushes, or pops with a return behind them, share one check of their stretch of the stack. Gives the number of
    /// instructions emitted, 0 where there is no such run. What the check refuses is interpreted one by one.</summary>
    private int EmitStackRun(int k)
    {
        int n = 0;
        while (k + n < _count && n < 12 && _forms[k + n].Form == Form.Push && !UsesStackPointer(_code[k + n])) n++;
        if (n > 1)
        {
            EmitPushes(k, n);
            return n;
        }
        n = 0;
        while (k + n < _count && n < 12 && _forms[k + n].Form == Form.Pop && !UsesStackPointer(_code[k + n])) n++;
        bool returns = k + n < _count && _forms[k + n].Form == Form.Return;
        if (n == 0 || (n == 1 && !returns)) return 0;
        return EmitPops(k, n, returns);
    }

    private static bool UsesStackPointer(in Instruction i) => i.Op0Kind == OpKind.Register && HostRegisters.Number(i.Op0Register) == HostRegisters.Rsp;

    private void EmitPushes(int k, int n)
    {
        Clobber(_live[k]);
        StackSlot(-8 * n);
        EmitProbe(8 * n, write: true, _code[k].IP);
        for (int j = 0; j < n; j++)
        {
            ref Instruction i = ref _code[k + j];
            int at = 8 * (n - 1 - j);
            if (i.Op0Kind == OpKind.Register) StoreRegister(HostRegisters.Number(i.Op0Register), at);
            else
            {
                e.At(0xC7, 0, R10, at);
                e.Int32((int)(long)i.GetImmediate(0));
            }
        }
        MoveStack(-8 * n);
        EmitWatchCheck(k + n - 1);
    }

    private int EmitPops(int k, int n, bool returns)
    {
        // Flags after a return are unknown to us: all are needed.
        Clobber(_live[k]);
        StackSlot(0);
        EmitProbe(8 * (returns ? n + 1 : n), write: false, _code[k].IP);
        for (int j = 0; j < n; j++) LoadRegister(HostRegisters.Number(_code[k + j].Op0Register), 8 * j);
        MoveStack(8 * n);
        if (!returns) return n;
        Instruction i = _code[k + n];
        e.At(0x8B, R10, R10, 8 * n);
        EmitDispatch(i.IP, 8 + (i.OpCount > 0 ? i.Immediate16 : 0));
        return n + 1;
    }

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

    private void StoreRegister(int guest, int at = 0)
    {
        if (!HostRegisters.InMemory(guest))
        {
            e.At(0x89, HostRegisters.Host(guest), R10, at);
            return;
        }
        e.Gs(0x8B, R11, guest * 8);
        e.At(0x89, R11, R10, at);
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

    private void LoadRegister(int guest, int at = 0)
    {
        if (!HostRegisters.InMemory(guest))
        {
            e.At(0x8B, HostRegisters.Host(guest), R10, at);
            return;
        }
        e.At(0x8B, R11, R10, at);
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
