using Berth.Cpu.State;
using Iced.Intel;

namespace Berth.Cpu.Translator;

// [SDM2] JMP, CALL, RET, Jcc, JRCXZ, LOOP
internal sealed partial class BlockTranslator
{
    private int Jumps => CpuMemory.JumpOffset + (_mode * CpuMemory.JumpLength);

    /// <summary>Place of the number in the entry of a code page.</summary>
    private int PageIdOf(ulong linear) => CpuMemory.CodeOffset + (_mode * CpuMemory.CodeLength) + (CpuMemory.CodeIndex(linear) * 32) + 16;

    /// <summary>Goes to a known address; <paramref name="live"/> flags are needed there.</summary>
    private void EmitExit(ulong target, int live)
    {
        bool crosses = CrossesPage(target);
        if (crosses && live != 0) SaveFlags();
        FlagPlace place = live == 0 ? FlagPlace.Dead : _place;
        int number = cache.NextExit;
        int check = -1, miss = 0;
        if (crosses)
        {
            e.Gs(0x81, 7, PageIdOf(target), wide: false); // cmp dword gs:[…], page number
            check = e.Position;
            e.Int32(-1);
            miss = e.JumpIf(5);
        }
        int jump = e.Jump();
        AddExit(target, place, jump, check);
        _exits.Add(new(number, jump, crosses ? miss : -1, place));
    }

    private readonly List<PendingExit> _exits = [];

    private readonly record struct PendingExit(int Number, int Jump, int Miss, FlagPlace Place);

    private void AddExit(ulong target, FlagPlace place, int jump, int check) =>
        cache.AddExit(target, place, polled: target <= _start, e.Origin + jump, check < 0 ? 0 : e.Origin + check);

    private bool EmitJumpIf(int k, in Instruction i)
    {
        RestoreFlags();
        if (_place == FlagPlace.Dead) return false;
        int condition = (int)i.ConditionCode - (int)ConditionCode.o;
        ConditionalExit(e.JumpIf(condition), i.NearBranchTarget, _liveTaken[k]);
        if (k == _count - 1) EmitExit(i.NextIP, _liveNext);
        return true;
    }

    private void ConditionalExit(int jump, ulong target, int live)
    {
        if (CrossesPage(target))
        {
            _cold.Add(new(ColdKind.Exit, jump, (int)_place, live, target));
            return;
        }
        FlagPlace place = live == 0 ? FlagPlace.Dead : _place;
        _exits.Add(new(cache.NextExit, jump, -1, place));
        AddExit(target, place, jump, -1);
    }

    private bool EmitCounter(int k, in Instruction i)
    {
        // jrcxz reaches 127 bytes only: it skips the jump that goes the other way.
        if (i.Mnemonic == Mnemonic.Loop) e.LoadAddress(HostRegisters.Rcx, HostRegisters.Rcx, -1, 1, -1);
        e.Bytes(0xE3, 5);
        int other = e.Jump();
        bool zeroTakes = i.Mnemonic == Mnemonic.Jrcxz;
        FlagPlace place = _place;
        EmitExit(zeroTakes ? i.NearBranchTarget : i.NextIP, zeroTakes ? _liveTaken[k] : _liveNext);
        _place = place;
        e.Bind(other);
        EmitExit(zeroTakes ? i.NextIP : i.NearBranchTarget, zeroTakes ? _liveNext : _liveTaken[k]);
        return true;
    }

    /// <summary>Puts the return address below the stack; R10 is its host address. The stack pointer stays.</summary>
    private void EmitReturnAddress(in Instruction i)
    {
        StackSlot(-8);
        EmitProbe(8, write: true, i.IP);
        long next = (long)i.NextIP;
        if (next == (int)next)
        {
            e.At(0xC7, 0, R10, 0);
            e.Int32((int)next);
            return;
        }
        e.Constant(R11, next);
        e.At(0x89, R11, R10, 0);
        _entryInScratch = false;
    }

    private bool EmitCall(int k, in Instruction i)
    {
        Clobber(FlagUse.All);
        EmitReturnAddress(i);
        MoveStack(-8);
        EmitWatchCheck(k, new(ColdKind.Watched, 0, 0, 0, i.NearBranchTarget));
        EmitExit(i.NearBranchTarget, FlagUse.All);
        return true;
    }

    private bool EmitCallIndirect(int k, in Instruction i)
    {
        Clobber(FlagUse.All);
        LoadTarget(i);
        e.Gs(0x89, R10, Layout.Temporary);
        EmitReturnAddress(i);
        // Nothing of the guest has changed yet but memory that the interpreter will write again.
        EmitWatchCheck(k, new(ColdKind.Interpret, 0, 0, 0, i.IP));
        e.Gs(0x8B, R10, Layout.Temporary);
        EmitDispatch(i.IP, -8);
        return true;
    }

    /// <summary>The target of an indirect branch into R10.</summary>
    private void LoadTarget(in Instruction i)
    {
        if (i.Op0Kind == OpKind.Memory)
        {
            EmitAddress(i);
            EmitProbe(8, write: false, i.IP);
            e.At(0x8B, R10, R10, 0);
            return;
        }
        int from = Source(i.Op0Register, R10);
        if (from != R10) e.Move(R10, from);
    }

    private bool EmitJumpIndirect(int k, in Instruction i)
    {
        Clobber(FlagUse.All);
        LoadTarget(i);
        EmitDispatch(i.IP, 0);
        return true;
    }

    private bool EmitReturn(int k, in Instruction i)
    {
        Clobber(FlagUse.All);
        StackSlot(0);
        EmitProbe(8, write: false, i.IP);
        e.At(0x8B, R10, R10, 0);
        EmitDispatch(i.IP, 8 + (i.OpCount > 0 ? i.Immediate16 : 0));
        return true;
    }

    /// <summary>Jumps to the code for the address in R10, moving the stack pointer; where none is known the interpreter runs the branch.</summary>
    private void EmitDispatch(ulong rip, int stack)
    {
        e.Bytes(0x45, 0x0F, 0xB7, 0xDA); // movzx r11d, r10w
        e.Op(0x03, R11, R11, wide: false);
        e.GsIndexed(0x3B, R10, R11, Jumps);
        _cold.Add(new(ColdKind.Interpret, e.JumpIf(5), 0, 0, rip));
        if (stack != 0) MoveStack(stack);
        e.GsIndexed(0xFF, 4, R11, Jumps + 8, wide: false);
    }
}
