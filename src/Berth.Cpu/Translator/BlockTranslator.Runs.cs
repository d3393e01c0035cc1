using Berth.Cpu.Interpreter;
using Iced.Intel;

namespace Berth.Cpu.Translator;

/// <summary>Runs of accesses through the same registers, such as the fields of a structure or of a stack frame: one TLB check for all of them. If it
/// fails, a second version with a check for each access takes over.</summary>
internal sealed partial class BlockTranslator
{
    private const int LongestStretch = 512;

    private readonly List<MemoryRun> _runs = [];

    private readonly record struct MemoryRun(int First, int Last, int Resume, int Vectors, FlagPlace Before, FlagPlace After);

    /// <summary>Emits the run that begins at an instruction; gives its length, 0 if there is none.</summary>
    private int EmitMemoryRun(int k)
    {
        if (!IsMember(k)) return 0;
        Register @base = _code[k].MemoryBase, index = _code[k].MemoryIndex;
        long from = long.MaxValue, to = long.MinValue;
        int members = 0, last = k, alignment = 1;
        bool writes = false;
        for (int j = k; j < _count; j++)
        {
            ref Instruction i = ref _code[j];
            Form form = _forms[j].Form;
            if (form == Form.Nothing) continue;
            if (form != Form.Copy && form != Form.LoadAddress) break;
            if (form == Form.Copy && HasMemory(i))
            {
                if (!IsMember(j) || i.MemoryBase != @base || i.MemoryIndex != index || i.MemoryIndexScale != _code[k].MemoryIndexScale || i.MemorySegment != _code[k].MemorySegment) break;
                long place = (long)i.MemoryDisplacement64;
                int size = i.MemorySize.GetSize();
                if (Math.Max(to, place + size) - Math.Min(from, place) > LongestStretch) break;
                (from, to) = (Math.Min(from, place), Math.Max(to, place + size));
                if (_forms[j].Vector != 0 && HostOps.NeedsAlignment(i)) alignment = Math.Max(alignment, size);
                writes |= _forms[j].Writes;
                members++;
                last = j;
            }
            else if (form == Form.Copy ? StateOperands(i) > 1 : StateAddress(i)) break;
            if (Changes(j, @base) || Changes(j, index)) break;
        }
        if (members < 2 || !IsAligned(k, last, from, alignment)) return 0;
        int position = e.Position, cold = _cold.Count, vectors = _vectors;
        FlagPlace place0 = _place;
        if (EmitRun(k, last, from, (int)(to - from), alignment, writes)) return last - k + 1;
        e.Position = position;
        _cold.RemoveRange(cold, _cold.Count - cold);
        (_place, _vectors) = (place0, vectors);
        return 0;
    }

    private bool EmitRun(int k, int last, long from, int length, int alignment, bool writes)
    {
        int need = 0;
        for (int j = k; j <= last; j++) need |= _forms[j].Vector;
        EmitVectorCheck(k, need, _code[k].IP);
        Clobber(_live[k]);
        FlagPlace before = _place;
        Instruction start = _code[k];
        start.MemoryDisplacement64 = (ulong)from;
        EmitAddress(start);
        int number = _runs.Count;
        _runs.Add(default);
        EmitTlbLookup(length, writes);
        ToSlowRun(e.JumpIf(7), number);
        if (alignment > 1)
        {
            e.Bytes(0x41, 0xF6, 0xC2, (byte)(alignment - 1)); // test r10b, …
            ToSlowRun(e.JumpIf(5), number);
        }
        e.GsAt(0x03, R10, R11, Tlb + 16);
        if (writes)
        {
            // A page that is watched already needs a look after each single store.
            e.GsAt(0x8B, R11, R11, Tlb + 24);
            e.Bytes(0x41, 0x80, 0x3B, 0); // cmp byte [r11], 0
            ToSlowRun(e.JumpIf(5), number);
        }
        _entryInScratch = false;
        for (int j = k; j <= last; j++)
        {
            if (!EmitInRun(j, from)) return false;
        }
        if (writes) EmitWatchCheck(last);
        _runs[number] = new(k, last, e.Position, _vectors, before, _place);
        return true;
    }

    private void ToSlowRun(int jump, int run) => _cold.Add(new(ColdKind.SlowRun, jump, 0, run, 0));

    private bool EmitInRun(int j, long from)
    {
        ref Instruction original = ref _code[j];
        if (_forms[j].Form == Form.Nothing) return true;
        if (_forms[j].Form == Form.LoadAddress) return EmitLoadAddress(original);
        Instruction i = original;
        bool memory = HasMemory(i);
        if (memory) ToHost(ref i, (long)i.MemoryDisplacement64 - from);
        PrepareFlags(j);
        i.SegmentPrefix = Register.None;
        i.HasRepPrefix = i.HasRepnePrefix = false;
        if (!EmitRenamed(i, _forms[j].Written, memory)) return false;
        if (_flags[j].Changes != 0) _place = FlagPlace.Host;
        return true;
    }

    private void EmitSlowRun(in MemoryRun run)
    {
        (_place, _vectors) = (run.Before, run.Vectors);
        for (int j = run.First; j <= run.Last; j++)
        {
            if (Emit(j)) continue;
            SaveFlags();
            CallInterpreter(_code[j].IP);
            return;
        }
        if (run.After == FlagPlace.Host) RestoreFlags();
        if (run.After == FlagPlace.Memory) SaveFlags();
        e.JumpTo(run.Resume);
    }

    /// <summary>Whether an access can be part of a run. What changes flags and memory needs its own look at the page's watch byte.</summary>
    private bool IsMember(int k)
    {
        ref Instruction i = ref _code[k];
        if (_forms[k].Form != Form.Copy || !HasMemory(i) || i.MemoryBase == Register.None || i.IsIPRelativeMemoryOperand || Operands.AddressSize(i, 2) != 8) return false;
        if ((_forms[k].Writes && _flags[k].Changes != 0) || i.Mnemonic == Mnemonic.Cmpxchg16b) return false;
        for (int n = 0; n < i.OpCount; n++)
        {
            if (i.GetOpKind(n) == OpKind.Register && HostRegisters.IsHighByte(i.GetOpRegister(n))) return false;
        }
        return true;
    }

    private bool IsAligned(int k, int last, long from, int alignment)
    {
        for (int j = k; j <= last && alignment > 1; j++)
        {
            if (_forms[j].Form == Form.Copy && HasMemory(_code[j]) && _forms[j].Vector != 0 && HostOps.NeedsAlignment(_code[j])
                && ((long)_code[j].MemoryDisplacement64 - from) % alignment != 0) return false;
        }
        return true;
    }

    /// <summary>Register operands that live in the state block; more than one would need R10.</summary>
    private static int StateOperands(in Instruction i)
    {
        int seen = 0;
        for (int n = 0; n < i.OpCount; n++)
        {
            if (i.GetOpKind(n) == OpKind.Register && i.GetOpRegister(n).IsGPR() && HostRegisters.InMemory(HostRegisters.Number(i.GetOpRegister(n))))
                seen |= 1 << HostRegisters.Number(i.GetOpRegister(n));
        }
        return System.Numerics.BitOperations.PopCount((uint)seen);
    }

    private static bool StateAddress(in Instruction i) =>
        (i.MemoryBase.IsGPR() && HostRegisters.InMemory(HostRegisters.Number(i.MemoryBase)))
        || (i.MemoryIndex.IsGPR() && HostRegisters.InMemory(HostRegisters.Number(i.MemoryIndex)));

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
