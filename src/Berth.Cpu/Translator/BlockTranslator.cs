using Berth.Cpu.Interpreter;
using Iced.Intel;

namespace Berth.Cpu.Translator;

/// <summary>Translates one block: decodes, finds out which flags are needed where, and emits. See docs/decisions/0011-translator.md.</summary>
internal sealed unsafe partial class BlockTranslator(Emitter e, RuntimeStubs stubs, CodeCache cache, BlockDecoder decoder)
{
    private const int Limit = 64;

    /// <summary>Conditional branches forward that a block goes on behind; they are seldom taken.</summary>
    private const int MostSideExits = 4;

    private readonly PointerReader _reader = new();
    private readonly Instruction[] _code = new Instruction[Limit];
    private readonly FormInfo[] _forms = new FormInfo[Limit];
    private readonly FlagUse[] _flags = new FlagUse[Limit];

    // Flags needed before each instruction, and after the last.
    private readonly int[] _live = new int[Limit + 1];

    // Flags needed where each branch leads.
    private readonly int[] _liveTaken = new int[Limit];
    private readonly List<ColdCode> _cold = [];
    private Decoder? _decoder;
    private int _secondId, _count, _mode, _vectors, _liveNext;
    private ulong _start, _end;
    private byte* _bytes;
    private FlagPlace _place;
    private bool _entryInScratch;

    // Highest address that the outcome depends on; the lowest is the start or below it.
    private ulong _seenFrom, _seenTo;

    /// <summary>Whether generated code counts instructions.</summary>
    public bool Counts { get; set; }

    /// <summary>As <see cref="Core.IsOnly"/>.</summary>
    public bool IsOnly { get; init; }

    /// <summary>Whether the instruction at an address reaches into the next page.</summary>
    public bool Crosses(ulong linear, byte* code)
    {
        int available = 0x1000 - (int)(linear & 0xFFF);
        if (available >= 15) return false;
        _decoder ??= Decoder.Create(64, _reader);
        _reader.Reset(code, available);
        _decoder.Decode(out _);
        return _reader.RanOut;
    }

    /// <summary>Translates the code at <paramref name="linear"/>, which lies at <paramref name="host"/>, from a copy of its page; -1 if its first instruction
    /// has no translation. With a <paramref name="second"/> page, whose first bytes follow in the copy, one instruction that reaches into it.</summary>
    public int Translate(ulong linear, nint host, byte* code, int mode, int pageId, nint second = 0, int secondId = 0)
    {
        (_start, _mode, _vectors, _secondId) = (linear, mode, 0, secondId);
        (_seenFrom, _seenTo) = (linear, linear);
        _bytes = code;
        if (second == 0) Decode();
        else DecodeCrossing();
        if (_count == 0 || _forms[0].Form == Form.Interpret) return -1;
        FindLiveFlags();
        _cold.Clear();
        _runs.Clear();
        e.Start(cache.Next);
        int firstExit = cache.NextExit;
        BlockEntries entries = EmitEntries(pageId);
        int done = EmitBody();
        if (done == 0)
        {
            cache.DropExits(firstExit);
            return -1;
        }
        EmitCold(ref entries);
        int beyond = second == 0 ? 0 : (int)(_end - ((linear | 0xFFF) + 1));
        int from = (int)(_seenFrom - linear), length = (int)(_seenTo - _seenFrom) - beyond;
        int block = cache.Add(linear, host, mode, entries, e, from, new ReadOnlySpan<byte>(code + from, length));
        if (second != 0) cache.AddSecondPage(block, second, new ReadOnlySpan<byte>(code + from + length, beyond));
        return block;
    }

    private void DecodeCrossing()
    {
        int available = 0x1000 - (int)(_start & 0xFFF);
        _reader.Reset(_bytes, available + CodeSnapshot.Beyond);
        _decoder!.IP = _start;
        _decoder.Decode(out _code[0]);
        _forms[0] = Forms.Get(_code[0]);
        _flags[0] = FlagUse.Of(_code[0]);
        _count = 1;
        _seenTo = _end = _start + (ulong)_code[0].Length;
    }

    private void Decode()
    {
        _decoder ??= Decoder.Create(64, _reader);
        int available = 0x1000 - (int)(_start & 0xFFF), offset = 0, sideExits = 0;
        _count = 0;
        while (_count < Limit && offset < available)
        {
            _reader.Reset(_bytes + offset, available - offset);
            _decoder.IP = _start + (ulong)offset;
            ref Instruction i = ref _code[_count];
            _decoder.Decode(out i);
            if (_reader.RanOut) break;
            FormInfo form = Forms.Get(i);
            if (form.Form == Form.Interpret && CanAssist(i)) form = FormInfo.Assist;
            _forms[_count] = form;
            _flags[_count] = FlagUse.Of(i);
            _count++;
            offset += i.Length;
            if (form.Form == Form.Interpret) break;
            if (form.Form == Form.JumpIf && i.NearBranchTarget > i.IP && sideExits++ < MostSideExits) continue;
            if (IsTransfer(form.Form)) break;
        }
        _end = _start + (ulong)offset;
        _seenTo = _end;
    }

    private void FindLiveFlags()
    {
        Instruction last = _code[_count - 1];
        Form form = _forms[_count - 1].Form;
        _liveNext = FlagUse.All;
        for (int k = 0; k < _count; k++)
        {
            if (_forms[k].Form is Form.Jump or Form.JumpIf or Form.Counter) _liveTaken[k] = LiveAt(_code[k].NearBranchTarget);
        }
        if (form is Form.JumpIf or Form.Counter or Form.AccessUser || !IsTransfer(form)) _liveNext = LiveAt(_end);
        // What the interpreter will do with the flags is seen from the instruction itself.
        int live = form switch
        {
            Form.Jump => _liveTaken[_count - 1],
            Form.Call or Form.CallIndirect or Form.JumpIndirect or Form.Return or Form.Assist => FlagUse.All,
            _ => _liveNext,
        };
        _live[_count] = live;
        for (int k = _count - 1; k >= 0; k--)
        {
            if (_forms[k].Form is Form.JumpIf or Form.Counter) live |= _liveTaken[k];
            live = _forms[k].Form is Form.Interpret or Form.Assist ? FlagUse.All : _flags[k].Before(live);
            _live[k] = live;
        }
    }

    private static bool IsTransfer(Form form) => form is Form.Jump or Form.JumpIf or Form.JumpIndirect or Form.Call or Form.CallIndirect or Form.Return or Form.Counter or Form.AccessUser or Form.Assist;

    /// <summary>Flags that code in the same page needs, as far as a look at a few instructions tells. What was looked at becomes part of the block,
    /// so that the block goes when it changes.</summary>
    private int LiveAt(ulong target)
    {
        if (((target ^ _start) & ~0xFFFUL) != 0) return FlagUse.All;
        // SAFETY: the target is in the page of the code; reads end with that page.
        byte* place = _bytes - (_start & 0xFFF) + (target & 0xFFF);
        int available = 0x1000 - (int)(target & 0xFFF), offset = 0, killed = 0;
        for (int n = 0; n < 6; n++)
        {
            _reader.Reset(place + offset, available - offset);
            _decoder!.IP = target + (ulong)offset;
            _decoder.Decode(out Instruction i);
            if (_reader.RanOut || i.IsInvalid) break;
            FlagUse use = FlagUse.Of(i);
            if ((use.Reads & ~killed) != 0) break;
            offset += i.Length;
            killed |= use.Kills;
            if (killed == FlagUse.All)
            {
                _seenFrom = Math.Min(_seenFrom, target);
                _seenTo = Math.Max(_seenTo, target + (ulong)offset);
                return 0;
            }
            if (i.FlowControl != FlowControl.Next || Forms.Get(i).Form == Form.Interpret) break;
        }
        return FlagUse.All;
    }

    private FlagPlace EntryPlace()
    {
        if (_live[0] == 0) return FlagPlace.Dead;
        for (int k = 0; k < _count; k++)
        {
            FlagUse use = _flags[k];
            // Before its flags are looked at, an operand in memory is reached for.
            if (_live[k] != 0 && Clobbers(k)) return FlagPlace.Memory;
            if (use.Reads != 0 || use.Changes != 0) return FlagPlace.Host;
        }
        return _count > 0 && CrossesPage(_end) ? FlagPlace.Memory : FlagPlace.Host;
    }

    private bool Clobbers(int k) => _secondId != 0 || _forms[k].Form switch
    {
        Form.Nothing or Form.LoadAddress or Form.Jump or Form.JumpIf or Form.Counter => false,
        Form.Copy => HasMemory(_code[k]) || _forms[k].Vector != 0,
        Form.SwapGs or Form.ReadSelector => false,
        _ => true,
    };

    private static bool HasMemory(in Instruction i) =>
        i.Op0Kind == OpKind.Memory || (i.OpCount > 1 && i.Op1Kind == OpKind.Memory) || (i.OpCount > 2 && (i.Op2Kind == OpKind.Memory || (i.OpCount > 3 && i.Op3Kind == OpKind.Memory)));

    private bool CrossesPage(ulong target) => ((target ^ _start) & ~0xFFFUL) != 0;

    private int EmitBody()
    {
        if (_secondId != 0)
        {
            Clobber(_live[0]);
            e.Gs(0x81, 7, PageIdOf(_end - 1), wide: false);
            e.Int32(_secondId);
            _cold.Add(new(ColdKind.Lookup, e.JumpIf(5), 0, 0, _start));
        }
        else if (EmitLoop()) return _count;
        return EmitPlainBody();
    }

    private int EmitPlainBody()
    {
        for (int k = 0; k < _count;)
        {
            int position = e.Position, cold = _cold.Count;
            FlagPlace place = _place;
            int done = EmitStackRun(k);
            if (done == 0) done = EmitMemoryRun(k);
            if (done == 0 && Emit(k)) done = 1;
            k += done;
            if (done > 0) continue;
            e.Position = position;
            _cold.RemoveRange(cold, _cold.Count - cold);
            _place = place;
            if (_secondId != 0 || _forms[k].Form == Form.Interpret)
            {
                if (k == 0) return 0;
                SaveFlags();
                CallInterpreter(_code[k].IP);
                return k;
            }
            EmitAssist(k);
            return k + 1;
        }
        if (!IsTransfer(_forms[_count - 1].Form)) EmitExit(_end, _live[_count]);
        return _count;
    }

    /// <summary>What had been emitted before something that may turn out to have no translation.</summary>
    private readonly record struct Trial(int Position, int Cold, int Exits, int FirstExit, int Vectors, FlagPlace Place);

    private Trial Try() => new(e.Position, _cold.Count, _exits.Count, cache.NextExit, _vectors, _place);

    private void TakeBack(in Trial trial)
    {
        cache.DropExits(trial.FirstExit);
        e.Position = trial.Position;
        _cold.RemoveRange(trial.Cold, _cold.Count - trial.Cold);
        _exits.RemoveRange(trial.Exits, _exits.Count - trial.Exits);
        (_place, _vectors) = (trial.Place, trial.Vectors);
    }

    private bool Emit(int k)
    {
        ref Instruction i = ref _code[k];
        switch (_forms[k].Form)
        {
            case Form.Copy: return EmitCopy(k, i);
            case Form.Nothing: return true;
            case Form.LoadAddress: return EmitLoadAddress(i);
            case Form.Push: return EmitPush(k, i);
            case Form.PushMemory: return EmitPushMemory(k, i);
            case Form.Pop: return EmitPop(k, i);
            case Form.Leave: return EmitLeave(k, i);
            case Form.Call: return EmitCall(k, i);
            case Form.CallIndirect: return EmitCallIndirect(k, i);
            case Form.Jump:
                EmitExit(i.NearBranchTarget, _live[_count]);
                return true;
            case Form.JumpIndirect: return EmitJumpIndirect(k, i);
            case Form.Return: return EmitReturn(k, i);
            case Form.JumpIf: return EmitJumpIf(k, i);
            case Form.Counter: return EmitCounter(k, i);
            case Form.Divide: return EmitDivide(k, i);
            case Form.PushFlags: return EmitPushFlags(k, i);
            case Form.DisableInterrupts: return EmitDisableInterrupts(k);
            case Form.Direction:
                ClearSystemFlag(k, X86.RFlags.Direction);
                return true;
            case Form.SwapGs: return EmitSwapGs();
            case Form.EnableInterrupts: return EmitEnableInterrupts(k);
            case Form.AccessUser: return EmitAccessUser(k, i);
            case Form.ReadSelector: return EmitReadSelector(i);
            case Form.LoadControl: return EmitLoadControl(k, i);
            case Form.BitString: return EmitBitString(k, i);
            case Form.Assist:
                EmitAssist(k);
                return true;
            default: return false;
        }
    }

    /// <summary>Before code that destroys the host's flags while <paramref name="needed"/> must survive.</summary>
    private void Clobber(int needed)
    {
        if (needed != 0) SaveFlags();
        else _place = FlagPlace.Dead;
    }

    private void SaveFlags()
    {
        if (_place != FlagPlace.Host) return;
        FlagCode.Save(e);
        (_place, _entryInScratch) = (FlagPlace.Memory, false);
    }

    /// <summary>Before an instruction that reads flags or changes some and leaves others that are needed.</summary>
    private void RestoreFlags()
    {
        if (_place != FlagPlace.Memory) return;
        FlagCode.Restore(e);
        (_place, _entryInScratch) = (FlagPlace.Host, false);
    }

    private void PrepareFlags(int k)
    {
        FlagUse use = _flags[k];
        int needed = use.Reads | (use.Changes != 0 ? _live[k + 1] & ~use.Kills : 0);
        if (needed != 0) RestoreFlags();
    }

    private void CallInterpreter(ulong rip)
    {
        e.Call(stubs.Interpret);
        e.Int64((long)rip);
    }
}
