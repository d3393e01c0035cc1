using Berth.Cpu.Interpreter;
using Berth.Cpu.State;
using Iced.Intel;

namespace Berth.Cpu.Translator;

/// <summary>Runs of accesses through the same unchanged registers, such as the fields of a structure, a stack frame, the elements of arrays: one TLB
/// check for all that go through the same registers, made where the run begins. If one fails, a second version with a check for each access takes
/// over.</summary>
internal sealed partial class BlockTranslator
{
    private const int LongestStretch = 512;

    private readonly List<MemoryRun> _runs = [];
    private readonly AccessGroup[] _groups = new AccessGroup[CpuState.HostPointers];
    private readonly int[] _groupOf = new int[Limit];
    private int _groupCount, _held;

    private readonly record struct MemoryRun(int First, int Last, int Resume, int Vectors, FlagPlace Before, FlagPlace After);

    /// <summary>Accesses of a run through the same registers, and the stretch of addresses that they touch.</summary>
    private struct AccessGroup
    {
        public int First, Last, Members, Alignment;
        public long From, To;
        public bool Writes, Closed;
    }

    /// <summary>Emits the run that begins at an instruction; gives its length, 0 if there is none.</summary>
    private int EmitMemoryRun(int k)
    {
        if (!IsMember(k)) return 0;
        int last = FindGroups(k);
        if (last == k) return 0;
        Trial trial = Try();
        if (EmitRun(k, last)) return last - k + 1;
        TakeBack(trial);
        return 0;
    }

    /// <summary>Sorts the accesses from an instruction on into groups; gives the last instruction that profits, the first itself if none does.</summary>
    private int FindGroups(int k)
    {
        _groupCount = 0;
        bool opens = true;
        for (int j = k; j < _count; j++)
        {
            _groupOf[j] = -1;
            Form form = _forms[j].Form;
            if (form == Form.JumpIf) opens = false; // what is only reached behind it may not be an address at all
            else if (form is not (Form.Copy or Form.LoadAddress or Form.Nothing)) break;
            if (IsMember(j)) Join(k, j, opens);
            for (int g = 0; g < _groupCount; g++) _groups[g].Closed |= Changes(j, _code[_groups[g].First].MemoryBase) || Changes(j, _code[_groups[g].First].MemoryIndex);
        }
        int last = k;
        for (int g = 0; g < _groupCount; g++)
        {
            if (_groups[g].Members > 1) last = Math.Max(last, _groups[g].Last);
        }
        for (int j = k; j <= last; j++)
        {
            if (_groupOf[j] >= 0 && _groups[_groupOf[j]].Members < 2) _groupOf[j] = -1;
        }
        return _groupOf[k] < 0 ? k : last;
    }

    private void Join(int k, int j, bool opens)
    {
        ref Instruction i = ref _code[j];
        long from = (long)i.MemoryDisplacement64, to = from + i.MemorySize.GetSize();
        int alignment = _forms[j].Vector != 0 && HostOps.NeedsAlignment(i) ? (int)(to - from) : 1;
        for (int g = 0; g < _groupCount; g++)
        {
            ref AccessGroup group = ref _groups[g];
            if (group.Closed || !SameRegisters(i, _code[group.First])) continue;
            if (Math.Max(group.To, to) - Math.Min(group.From, from) > LongestStretch) return;
            int larger = Math.Max(group.Alignment, alignment);
            // All accesses that must be aligned are, if one is and the distances are.
            if (larger > 1 && (from - group.From) % larger != 0) return;
            (group.From, group.To) = (Math.Min(group.From, from), Math.Max(group.To, to));
            group.Alignment = larger;
            group.Writes |= _forms[j].Writes;
            group.Members++;
            group.Last = j;
            _groupOf[j] = g;
            return;
        }
        if (!opens || _groupCount == _groups.Length) return;
        for (int m = k; m < j; m++)
        {
            if (Changes(m, i.MemoryBase) || Changes(m, i.MemoryIndex)) return;
        }
        _groupOf[j] = _groupCount;
        _groups[_groupCount++] = new() { First = j, Last = j, Members = 1, From = from, To = to, Alignment = alignment, Writes = _forms[j].Writes };
    }

    private static bool SameRegisters(in Instruction a, in Instruction b) =>
        a.MemoryBase == b.MemoryBase && a.MemoryIndex == b.MemoryIndex && a.MemoryIndexScale == b.MemoryIndexScale && a.MemorySegment == b.MemorySegment;

    private bool EmitRun(int k, int last)
    {
        int need = 0;
        for (int j = k; j <= last; j++) need |= _forms[j].Vector;
        EmitVectorCheck(k, need, _code[k].IP);
        Clobber(_live[k]);
        FlagPlace before = _place;
        int number = _runs.Count;
        _runs.Add(default);
        for (int g = _groupCount - 1; g >= 0; g--)
        {
            if (_groups[g].Members > 1) EmitGroupCheck(g, number);
        }
        _entryInScratch = false;
        for (int j = k; j <= last; j++)
        {
            if (_groupOf[j] >= 0)
            {
                if (!EmitMember(j, _groupOf[j])) return false;
                continue;
            }
            if (!Emit(j)) return false;
            if (!KeepsAddress(j)) _held = -1;
        }
        _runs[number] = new(k, last, e.Position, _vectors, before, _place);
        return true;
    }

    /// <summary>Host address of a group's first byte into R10, and to where <see cref="EmitMember"/> finds it again.</summary>
    private void EmitGroupCheck(int g, int run)
    {
        ref AccessGroup group = ref _groups[g];
        Instruction first = _code[group.First];
        first.MemoryDisplacement64 = (ulong)group.From;
        EmitAddress(first);
        EmitTlbLookup((int)(group.To - group.From), group.Writes);
        ToSlowRun(e.JumpIf(7), run);
        if (group.Alignment > 1)
        {
            e.Bytes(0x41, 0xF6, 0xC2, (byte)(group.Alignment - 1)); // test r10b, …
            ToSlowRun(e.JumpIf(5), run);
        }
        e.GsAt(0x03, R10, R11, Tlb + 16);
        e.Gs(0x89, R10, Layout.HostPointer(g));
        _held = g;
    }

    private void ToSlowRun(int jump, int run) => _cold.Add(new(ColdKind.SlowRun, jump, 0, run, 0));

    private bool EmitMember(int j, int g)
    {
        Instruction i = _code[j];
        if (_held != g) e.Gs(0x8B, R10, Layout.HostPointer(g));
        _held = g;
        ToHost(ref i, (long)i.MemoryDisplacement64 - _groups[g].From);
        PrepareFlags(j);
        i.SegmentPrefix = Register.None;
        i.HasRepPrefix = i.HasRepnePrefix = false;
        if (!EmitRenamed(i, _forms[j].Written, memory: true)) return false;
        if (_flags[j].Changes != 0) _place = FlagPlace.Host;
        if (!_forms[j].Writes || IsOnly) return true;
        // R11 may belong to another access.
        _entryInScratch = false;
        EmitWatchCheck(j);
        _held = -1;
        return true;
    }

    /// <summary>Whether the code of an instruction leaves R10 alone.</summary>
    private bool KeepsAddress(int j)
    {
        if (_forms[j].Form is Form.Nothing or Form.JumpIf) return true;
        return _forms[j].Form == Form.Copy && !HasMemory(_code[j]) && !UsesState(_code[j]);
    }

    private static bool UsesState(in Instruction i)
    {
        for (int n = 0; n < i.OpCount; n++)
        {
            if (i.GetOpKind(n) == OpKind.Register && i.GetOpRegister(n).IsGPR() && HostRegisters.InMemory(HostRegisters.Number(i.GetOpRegister(n)))) return true;
        }
        return false;
    }

    private void EmitSlowRun(in MemoryRun run)
    {
        (_place, _vectors) = (run.Before, run.Vectors);
        for (int j = run.First; j <= run.Last; j++)
        {
            if (Emit(j)) continue;
            EmitAssist(j);
            return;
        }
        if (run.After == FlagPlace.Host) RestoreFlags();
        if (run.After == FlagPlace.Memory) SaveFlags();
        e.JumpTo(run.Resume);
    }

    /// <summary>Whether an access can be part of a run.</summary>
    private bool IsMember(int k)
    {
        ref Instruction i = ref _code[k];
        if (_forms[k].Form != Form.Copy || !HasMemory(i) || i.MemoryBase == Register.None || i.IsIPRelativeMemoryOperand || Operands.AddressSize(i, 2) != 8) return false;
        if (i.Mnemonic == Mnemonic.Cmpxchg16b) return false;
        for (int n = 0; n < i.OpCount; n++)
        {
            if (i.GetOpKind(n) == OpKind.Register && HostRegisters.IsHighByte(i.GetOpRegister(n))) return false;
        }
        return true;
    }

    private bool Changes(int k, Register register)
    {
        if (register == Register.None) return false;
        ref Instruction i = ref _code[k];
        if (s_implicit.Contains(i.Mnemonic)) return true;
        int number = HostRegisters.Number(register);
        for (int n = 0; n < i.OpCount; n++)
        {
            if ((_forms[k].Written >> n & 1) != 0 && i.GetOpKind(n) == OpKind.Register && i.GetOpRegister(n).IsGPR() && HostRegisters.Number(i.GetOpRegister(n)) == number) return true;
        }
        return false;
    }

    // They write registers that are not among their operands.
    private static readonly HashSet<Mnemonic> s_implicit =
    [
        Mnemonic.Mul, Mnemonic.Imul, Mnemonic.Cbw, Mnemonic.Cwde, Mnemonic.Cdqe, Mnemonic.Cwd, Mnemonic.Cdq, Mnemonic.Cqo, Mnemonic.Lahf, Mnemonic.Cmpxchg,
        Mnemonic.Cmpxchg8b, Mnemonic.Cmpxchg16b, Mnemonic.Pcmpestri, Mnemonic.Pcmpistri, Mnemonic.Pcmpestri64, Mnemonic.Vpcmpestri, Mnemonic.Vpcmpistri,
        Mnemonic.Vpcmpestri64, Mnemonic.Xchg, Mnemonic.Xadd, Mnemonic.Mulx, Mnemonic.Fnstsw,
    ];
}
