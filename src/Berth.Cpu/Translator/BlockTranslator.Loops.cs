using System.Numerics;
using Berth.Cpu.Interpreter;
using Berth.Cpu.State;
using Iced.Intel;

namespace Berth.Cpu.Translator;

/// <summary>Blocks that jump to their own beginning and walk through memory in constant steps, such as loops over arrays. The pages are checked where the
/// loop is entered, together with how many rounds stay in them; so many rounds run without any check. Then, or where a page cannot be accessed directly,
/// the block begins anew. Only where stores need no look at a watch byte.</summary>
internal sealed partial class BlockTranslator
{
    private const int MostStreams = CpuState.HostPointers, LargestStep = 1024;

    private readonly AccessStream[] _streams = new AccessStream[MostStreams];
    private readonly int[] _streamOf = new int[Limit];
    private readonly long[] _steps = new long[16], _taken = new long[16];
    private int _streamCount, _varying, _induction, _pinned, _loaded;

    // The loop itself leaves R10 and R11 alone.
    private bool _scratchIsFree;

    /// <summary>Accesses of a loop through the same registers.</summary>
    private struct AccessStream
    {
        public Register Base, Index, Segment;
        public int Scale, Alignment, Members;

        /// <summary>Distance from one round to the next.</summary>
        public long Step;

        /// <summary>Bytes touched in a round, relative to where the registers point when it begins.</summary>
        public long From, To;
        public bool Writes;

        /// <summary>The register that stays in the address, with its scale; another one does not change and is added beforehand.</summary>
        public Register Moving;
        public int MovingScale;
    }

    private bool EmitLoop()
    {
        if (!FindLoop()) return false;
        Trial trial = Try();
        if (EmitFoundLoop()) return true;
        TakeBack(trial);
        return false;
    }

    private bool FindLoop()
    {
        int last = _count - 1;
        if (!IsOnly || _live[0] != 0 || _forms[last].Form is not (Form.Jump or Form.JumpIf) || _code[last].NearBranchTarget != _start) return false;
        if (!FindSteps(last)) return false;
        Array.Clear(_taken);
        _streamCount = 0;
        _scratchIsFree = true;
        for (int j = 0; j < last; j++)
        {
            _streamOf[j] = -1;
            if (UsesState(_code[j])) _scratchIsFree = false;
            if (_forms[j].Form == Form.LoadAddress && (IsState(_code[j].MemoryBase) || IsState(_code[j].MemoryIndex))) _scratchIsFree = false;
            if (_forms[j].Form == Form.Copy && HasMemory(_code[j]) && !JoinStream(j)) _scratchIsFree = false;
            if (Step(_code[j], out int register, out long step)) _taken[register] += step;
        }
        _induction = -1;
        for (int s = 0; s < _streamCount; s++)
        {
            ref AccessStream stream = ref _streams[s];
            if (stream.To - stream.From > LongestStretch) return false;
            if (stream.Step != 0) _induction = HostRegisters.Number(stream.Moving);
        }
        return _induction >= 0;
    }

    /// <summary>How far each register moves in a round; false where the block is no loop of this kind.</summary>
    private bool FindSteps(int last)
    {
        Array.Clear(_steps);
        _varying = 0;
        for (int j = 0; j < last; j++)
        {
            ref Instruction i = ref _code[j];
            if (_forms[j].Form is not (Form.Copy or Form.LoadAddress or Form.Nothing or Form.JumpIf) || s_implicit.Contains(i.Mnemonic)) return false;
            if (Step(i, out int register, out long step))
            {
                _steps[register] += step;
                continue;
            }
            for (int n = 0; n < i.OpCount; n++)
            {
                if ((_forms[j].Written >> n & 1) != 0 && i.GetOpKind(n) == OpKind.Register && i.GetOpRegister(n).IsGPR()) _varying |= 1 << HostRegisters.Number(i.GetOpRegister(n));
            }
        }
        return true;
    }

    /// <summary>Whether an instruction just adds a constant to a register.</summary>
    private static bool Step(in Instruction i, out int register, out long step)
    {
        (register, step) = (0, 0);
        if (i.Op0Kind != OpKind.Register || !i.Op0Register.IsGPR64()) return false;
        register = HostRegisters.Number(i.Op0Register);
        switch (i.Mnemonic)
        {
            case Mnemonic.Inc:
                step = 1;
                return true;
            case Mnemonic.Dec:
                step = -1;
                return true;
            case Mnemonic.Add or Mnemonic.Sub when i.Op1Kind is OpKind.Immediate8to64 or OpKind.Immediate32to64:
                step = i.Mnemonic == Mnemonic.Add ? (long)i.GetImmediate(1) : -(long)i.GetImmediate(1);
                return true;
            case Mnemonic.Lea when i.MemoryBase == i.Op0Register && i.MemoryIndex == Register.None:
                step = (long)i.MemoryDisplacement64;
                return true;
            default:
                return false;
        }
    }

    private static bool IsState(Register register) => register.IsGPR() && HostRegisters.InMemory(HostRegisters.Number(register));

    private bool Varies(Register register) => register != Register.None && (_varying >> HostRegisters.Number(register) & 1) != 0;

    private long StepOf(Register register) => register == Register.None ? 0 : _steps[HostRegisters.Number(register)];

    private long TakenBy(Register register) => register == Register.None ? 0 : _taken[HostRegisters.Number(register)];

    private bool JoinStream(int j)
    {
        ref Instruction i = ref _code[j];
        if (!IsMember(j) || IsState(i.MemoryBase) || IsState(i.MemoryIndex) || Varies(i.MemoryBase) || Varies(i.MemoryIndex)) return false;
        int scale = i.MemoryIndexScale;
        long step = StepOf(i.MemoryBase) + (scale * StepOf(i.MemoryIndex));
        if (step != 0 && (Math.Abs(step) > LargestStep || !BitOperations.IsPow2(Math.Abs(step)))) return false;
        bool indexMoves = i.MemoryIndex != Register.None && StepOf(i.MemoryBase) == 0;
        Register moving = indexMoves ? i.MemoryIndex : i.MemoryBase;
        Register still = i.MemoryIndex == Register.None ? Register.None : indexMoves ? i.MemoryBase : i.MemoryIndex;
        // What moves within a round and comes back is not worth a thought.
        if (StepOf(still) != 0 || TakenBy(still) != 0 || (step == 0 && TakenBy(moving) != 0)) return false;
        long from = (long)i.MemoryDisplacement64 + TakenBy(i.MemoryBase) + (scale * TakenBy(i.MemoryIndex)), to = from + i.MemorySize.GetSize();
        int alignment = _forms[j].Vector != 0 && HostOps.NeedsAlignment(i) ? (int)(to - from) : 1;
        if (step % alignment != 0 || from != (int)from || to != (int)to) return false;
        int s = 0;
        while (s < _streamCount && !(_streams[s].Base == i.MemoryBase && _streams[s].Index == i.MemoryIndex && _streams[s].Scale == scale && _streams[s].Segment == i.MemorySegment)) s++;
        if (s == MostStreams) return false;
        ref AccessStream stream = ref _streams[s];
        if (s == _streamCount)
        {
            stream = new()
            {
                Base = i.MemoryBase,
                Index = i.MemoryIndex,
                Segment = i.MemorySegment,
                Scale = scale,
                Step = step,
                From = from,
                To = to,
                Alignment = alignment,
                Moving = moving,
                MovingScale = indexMoves ? scale : 1,
            };
            _streamCount++;
        }
        int larger = Math.Max(stream.Alignment, alignment);
        if (larger > 1 && ((from - stream.From) % larger != 0 || step % larger != 0)) return false;
        (stream.From, stream.To, stream.Alignment) = (Math.Min(stream.From, from), Math.Max(stream.To, to), larger);
        stream.Writes |= _forms[j].Writes;
        stream.Members++;
        _streamOf[j] = s;
        return true;
    }

    private bool EmitFoundLoop()
    {
        int last = _count - 1, need = 0;
        for (int j = 0; j <= last; j++) need |= _forms[j].Vector;
        EmitVectorCheck(0, need, _start);
        _place = FlagPlace.Dead;
        _slowLoopVectors = _vectors;
        bool first = true;
        for (int s = 0; s < _streamCount; s++) EmitStreamCheck(s, ref first);
        EmitLimit();
        PinStreams();
        _entryInScratch = false;
        int head = e.Position;
        e.Gs(0x3B, HostRegisters.Host(_induction), Layout.LoopLimit);
        ConditionalExit(e.JumpIf(4), _start, live: 0);
        if (_streamCount > 2) _loaded = -1;
        if (Counts)
        {
            e.Gs(0x81, 5, Layout.Countdown);
            e.Int32(_count);
        }
        for (int j = 0; j < last; j++)
        {
            if (!(_streamOf[j] >= 0 ? EmitStreamMember(j) : Emit(j))) return false;
        }
        if (_forms[last].Form == Form.Jump)
        {
            e.JumpTo(head);
            return true;
        }
        if (_place != FlagPlace.Host && _scratchIsFree) return false;
        RestoreFlags();
        if (_place == FlagPlace.Dead) return false;
        e.Bind(e.JumpIf((int)_code[last].ConditionCode - (int)ConditionCode.o), head);
        EmitExit(_code[last].NextIP, _liveNext);
        return true;
    }

    /// <summary>Keeps the busiest stream in R11 and, if there is but one more, that one in R10, for the whole loop.</summary>
    private void PinStreams()
    {
        (_pinned, _loaded) = (-1, -1);
        if (!_scratchIsFree) return;
        _pinned = 0;
        for (int s = 1; s < _streamCount; s++)
        {
            if (_streams[s].Members > _streams[_pinned].Members) _pinned = s;
        }
        e.Gs(0x8B, R11, Layout.HostPointer(_pinned));
        if (_streamCount != 2) return;
        _loaded = 1 - _pinned;
        e.Gs(0x8B, R10, Layout.HostPointer(_loaded));
    }

    private int _slowLoopVectors;

    /// <summary>Checks the pages of one round, keeps the way from guest to host address, and lowers the number of further rounds to those in the page.</summary>
    private void EmitStreamCheck(int s, ref bool first)
    {
        ref AccessStream stream = ref _streams[s];
        int length = (int)(stream.To - stream.From), tag = Tlb + (stream.Writes ? 8 : 0);
        Instruction address = default;
        (address.MemoryBase, address.MemoryIndex, address.MemoryIndexScale) = (stream.Base, stream.Index, stream.Scale);
        address.MemoryDisplacement64 = (ulong)stream.From;
        address.MemoryDisplSize = 8;
        address.SegmentPrefix = stream.Segment is Register.FS or Register.GS ? stream.Segment : Register.None;
        EmitAddress(address);
        EmitTlbLookup(length, stream.Writes);
        ToSlowLoop(e.JumpIf(7));
        if (stream.Alignment > 1)
        {
            e.Bytes(0x41, 0xF6, 0xC2, (byte)(stream.Alignment - 1)); // test r10b, …
            ToSlowLoop(e.JumpIf(5));
        }
        if (stream.Step != 0) e.Gs(0x89, R10, Layout.Temporary);
        e.GsAt(0x8B, R10, R11, Tlb + 16);
        e.GsAt(0x2B, R10, R11, tag);
        if (address.SegmentPrefix != Register.None) e.Gs(0x03, R10, Layout.SegmentBase(stream.Segment - Register.ES));
        if (stream.Index != Register.None)
        {
            if (stream.Moving == stream.Index) e.LoadAddress(R10, R10, HostRegisters.Host(HostRegisters.Number(stream.Base)), 1, 0);
            else e.LoadAddress(R10, R10, HostRegisters.Host(HostRegisters.Number(stream.Index)), stream.Scale, 0);
        }
        e.Gs(0x89, R10, Layout.HostPointer(s));
        if (stream.Step == 0) return;
        if (stream.Step < 0) e.Gs(0x8B, R10, Layout.Temporary);
        else
        {
            e.Constant(R10, 0x1000 - length);
            e.Gs(0x2B, R10, Layout.Temporary);
        }
        int log = BitOperations.Log2((ulong)Math.Abs(stream.Step));
        if (log > 0) e.ShiftBy(5, R10, log);
        if (!first)
        {
            e.Gs(0x3B, R10, Layout.LoopLimit);
            int keep = e.JumpIf(3);
            e.Gs(0x89, R10, Layout.LoopLimit);
            e.Bind(keep);
        }
        else e.Gs(0x89, R10, Layout.LoopLimit);
        first = false;
    }

    /// <summary>From the number of further rounds to the value that the induction register has when the last of them is over.</summary>
    private void EmitLimit()
    {
        e.Gs(0x8B, R10, Layout.LoopLimit);
        e.LoadAddress(R10, R10, -1, 1, 1);
        e.Bytes(0x4D, 0x69, 0xD2); // imul r10, r10, …
        e.Int32((int)_steps[_induction]);
        e.Op(0x03, R10, HostRegisters.Host(_induction));
        e.Gs(0x89, R10, Layout.LoopLimit);
    }

    private void ToSlowLoop(int jump) => _cold.Add(new(ColdKind.SlowLoop, jump, 0, 0, 0));

    private bool EmitStreamMember(int j)
    {
        Instruction i = _code[j];
        int s = _streamOf[j], pointer = s == _pinned ? R11 : R10;
        ref AccessStream stream = ref _streams[s];
        if (pointer == R10 && s != _loaded) e.Gs(0x8B, R10, Layout.HostPointer(s));
        _loaded = _scratchIsFree && pointer == R10 ? s : _loaded;
        long displacement = (long)i.MemoryDisplacement64;
        i.MemoryBase = Register.RAX + pointer;
        i.MemoryIndex = Register.RAX + HostRegisters.Host(HostRegisters.Number(stream.Moving));
        i.MemoryIndexScale = stream.MovingScale;
        i.MemoryDisplSize = displacement == 0 ? 0 : displacement is >= -128 and < 128 ? 1 : 8;
        PrepareFlags(j);
        i.SegmentPrefix = Register.None;
        i.HasRepPrefix = i.HasRepnePrefix = false;
        if (!EmitRenamed(i, _forms[j].Written, memory: true)) return false;
        if (_flags[j].Changes != 0) _place = FlagPlace.Host;
        return true;
    }

    /// <summary>One round with a check for each access; its last branch leads to the block's beginning.</summary>
    private void EmitSlowLoop()
    {
        (_place, _vectors) = (FlagPlace.Dead, _slowLoopVectors);
        EmitPlainBody();
    }
}
