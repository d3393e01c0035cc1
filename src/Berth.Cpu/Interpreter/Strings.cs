using Berth.Cpu.Memory;
using Berth.Cpu.State;
using Berth.X86;
using Iced.Intel;

namespace Berth.Cpu.Interpreter;

/// <summary>[SDM2] MOVS, STOS, LODS, CMPS, SCAS, INS, OUTS with their repeat prefixes. Forward copies and fills go page by page.</summary>
internal static unsafe class Strings
{
    private const int Rcx = (int)GeneralRegister.Rcx, Rsi = (int)GeneralRegister.Rsi, Rdi = (int)GeneralRegister.Rdi;
    private const int Es = (int)SegmentName.Es;

    /// <summary>Iterations between looks at pending events.</summary>
    private const int Slice = 4096;

    public static Handler Select(in Instruction i) => i.Mnemonic switch
    {
        Mnemonic.Movsb => &Repeat<Movs, byte>,
        Mnemonic.Movsw => &Repeat<Movs, ushort>,
        Mnemonic.Movsd => &Repeat<Movs, uint>,
        Mnemonic.Movsq => &Repeat<Movs, ulong>,
        Mnemonic.Stosb => &Repeat<Stos, byte>,
        Mnemonic.Stosw => &Repeat<Stos, ushort>,
        Mnemonic.Stosd => &Repeat<Stos, uint>,
        Mnemonic.Stosq => &Repeat<Stos, ulong>,
        Mnemonic.Lodsb => &Repeat<Lods, byte>,
        Mnemonic.Lodsw => &Repeat<Lods, ushort>,
        Mnemonic.Lodsd => &Repeat<Lods, uint>,
        Mnemonic.Lodsq => &Repeat<Lods, ulong>,
        Mnemonic.Cmpsb => &Repeat<Cmps, byte>,
        Mnemonic.Cmpsw => &Repeat<Cmps, ushort>,
        Mnemonic.Cmpsd => &Repeat<Cmps, uint>,
        Mnemonic.Cmpsq => &Repeat<Cmps, ulong>,
        Mnemonic.Scasb => &Repeat<Scas, byte>,
        Mnemonic.Scasw => &Repeat<Scas, ushort>,
        Mnemonic.Scasd => &Repeat<Scas, uint>,
        Mnemonic.Scasq => &Repeat<Scas, ulong>,
        Mnemonic.Insb => &Repeat<Ins, byte>,
        Mnemonic.Insw => &Repeat<Ins, ushort>,
        Mnemonic.Insd => &Repeat<Ins, uint>,
        Mnemonic.Outsb => &Repeat<Outs, byte>,
        Mnemonic.Outsw => &Repeat<Outs, ushort>,
        Mnemonic.Outsd => &Repeat<Outs, uint>,
        _ => null,
    };

    private interface IStringOp
    {
        /// <summary>Whether the repeat prefixes also test ZF.</summary>
        static abstract bool Compares { get; }

        /// <summary>One element; registers move only if it succeeds.</summary>
        static abstract bool Step<T>(Core c, CpuState* s, Op* o, long by) where T : unmanaged;

        /// <summary>Many elements forward at once; 0 if that is not possible here.</summary>
        static abstract ulong Bulk<T>(Core c, CpuState* s, Op* o, ulong count) where T : unmanaged;
    }

    private static bool Repeat<TOp, T>(Core c, CpuState* s, Op* o)
        where TOp : struct, IStringOp
        where T : unmanaged
    {
        long by = (s->SystemFlags & RFlags.Direction) != 0 ? -sizeof(T) : sizeof(T);
        if ((o->Flags & (OpFlags.Rep | OpFlags.Repne)) == 0) return TOp.Step<T>(c, s, o, by);
        for (int i = 0; i < Slice; i++)
        {
            ulong count = Counter(s, o);
            if (count == 0) return true;
            ulong done = by > 0 && s->Step == 0 ? TOp.Bulk<T>(c, s, o, count) : 0;
            if (done == 0)
            {
                if (!TOp.Step<T>(c, s, o, by)) return false;
                done = 1;
            }
            SetCounter(s, o, count - done);
            if (count == done) return true;
            if (TOp.Compares && Flags.Zero(s) == ((o->Flags & OpFlags.Repne) != 0)) return true;
            if ((s->Pending | s->Step) != 0 || s->DebugHits != 0) break;
        }
        // Events are looked at between iterations, with RIP still at this instruction.
        s->Stop = StopReason.Restart;
        return false;
    }

    private static ulong Mask(Op* o) => o->AddressSize switch { 2 => 0xFFFF, 4 => 0xFFFF_FFFF, _ => ulong.MaxValue };

    private static ulong Counter(CpuState* s, Op* o) => s->Registers[Rcx] & Mask(o);

    private static void SetCounter(CpuState* s, Op* o, ulong value) => SetIndex(s, o, Rcx, value);

    private static void SetIndex(CpuState* s, Op* o, int register, ulong value) =>
        s->Registers[register] = o->AddressSize == 2 ? (s->Registers[register] & ~0xFFFFUL) | (ushort)value : value & Mask(o);

    private static void Advance(CpuState* s, Op* o, int register, long by) => SetIndex(s, o, register, s->Registers[register] + (ulong)by);

    private static bool Source<T>(Core c, CpuState* s, Op* o, out ulong address) where T : unmanaged =>
        c.Segmentation.Linear(o->Segment, s->Registers[Rsi] & Mask(o), sizeof(T), write: false, out address);

    private static bool Destination<T>(Core c, CpuState* s, Op* o, bool write, out ulong address) where T : unmanaged =>
        c.Segmentation.Linear(Es, s->Registers[Rdi] & Mask(o), sizeof(T), write, out address);

    /// <summary>Elements that fit between an address and the end of its page, without wrapping the index register.</summary>
    private static ulong InPage<T>(ulong address, ulong count) where T : unmanaged => Math.Min(count, (0x1000 - (address & 0xFFF)) / (ulong)sizeof(T));

    private readonly struct Movs : IStringOp
    {
        public static bool Compares => false;

        public static bool Step<T>(Core c, CpuState* s, Op* o, long by) where T : unmanaged
        {
            if (!Source<T>(c, s, o, out ulong from) || !Access.Read<T>(c, s, from, o->Segment, out ulong value)) return false;
            if (!Destination<T>(c, s, o, write: true, out ulong to) || !Access.Write<T>(c, s, to, Es, value)) return false;
            Advance(s, o, Rsi, by);
            Advance(s, o, Rdi, by);
            return true;
        }

        public static ulong Bulk<T>(Core c, CpuState* s, Op* o, ulong count) where T : unmanaged
        {
            if (s->CodeSize != 2 || o->AddressSize != 8 || count < 8) return 0;
            if (!Source<T>(c, s, o, out ulong from) || !Destination<T>(c, s, o, write: true, out ulong to)) return 0;
            ulong n = Math.Min(InPage<T>(from, count), InPage<T>(to, count));
            if (n < 2) return 0;
            byte* source = c.Mmu.PointerSlow(from, 1, AccessKind.Read);
            byte* target = c.Mmu.PointerSlow(to, 1);
            if (source == null || target == null) return 0;
            int bytes = (int)n * sizeof(T);
            // An overlap just ahead must repeat what it wrote, element by element.
            if (target > source && target < source + bytes)
            {
                if (target - source < sizeof(T)) return 0;
                for (int i = 0; i < bytes; i += sizeof(T)) Bits.Store<T>(target + i, Bits.Load<T>(source + i));
            }
            else Buffer.MemoryCopy(source, target, bytes, bytes);
            Access.Written(c, s, target);
            Advance(s, o, Rsi, bytes);
            Advance(s, o, Rdi, bytes);
            return n;
        }
    }

    private readonly struct Stos : IStringOp
    {
        public static bool Compares => false;

        public static bool Step<T>(Core c, CpuState* s, Op* o, long by) where T : unmanaged
        {
            if (!Destination<T>(c, s, o, write: true, out ulong to) || !Access.Write<T>(c, s, to, Es, Bits.Register<T>(s, 0))) return false;
            Advance(s, o, Rdi, by);
            return true;
        }

        public static ulong Bulk<T>(Core c, CpuState* s, Op* o, ulong count) where T : unmanaged
        {
            if (s->CodeSize != 2 || o->AddressSize != 8 || count < 8 || !Destination<T>(c, s, o, write: true, out ulong to)) return 0;
            ulong n = InPage<T>(to, count);
            byte* target = n < 2 ? null : c.Mmu.PointerSlow(to, 1);
            if (target == null) return 0;
            int bytes = (int)n * sizeof(T);
            ulong value = Bits.Register<T>(s, 0);
            if (sizeof(T) == 1 || value == 0) new Span<byte>(target, bytes).Fill((byte)value);
            else if (sizeof(T) == 2) new Span<ushort>(target, (int)n).Fill((ushort)value);
            else if (sizeof(T) == 4) new Span<uint>(target, (int)n).Fill((uint)value);
            else new Span<ulong>(target, (int)n).Fill(value);
            Access.Written(c, s, target);
            Advance(s, o, Rdi, bytes);
            return n;
        }
    }

    private readonly struct Lods : IStringOp
    {
        public static bool Compares => false;

        public static bool Step<T>(Core c, CpuState* s, Op* o, long by) where T : unmanaged
        {
            if (!Source<T>(c, s, o, out ulong from) || !Access.Read<T>(c, s, from, o->Segment, out ulong value)) return false;
            Bits.SetRegister<T>(s, 0, value);
            Advance(s, o, Rsi, by);
            return true;
        }

        public static ulong Bulk<T>(Core c, CpuState* s, Op* o, ulong count) where T : unmanaged => 0;
    }

    private readonly struct Cmps : IStringOp
    {
        public static bool Compares => true;

        public static bool Step<T>(Core c, CpuState* s, Op* o, long by) where T : unmanaged
        {
            if (!Source<T>(c, s, o, out ulong from) || !Access.Read<T>(c, s, from, o->Segment, out ulong a)) return false;
            if (!Destination<T>(c, s, o, write: false, out ulong to) || !Access.Read<T>(c, s, to, Es, out ulong b)) return false;
            Cmp.Value<T>(s, a, b);
            Advance(s, o, Rsi, by);
            Advance(s, o, Rdi, by);
            return true;
        }

        public static ulong Bulk<T>(Core c, CpuState* s, Op* o, ulong count) where T : unmanaged => 0;
    }

    private readonly struct Scas : IStringOp
    {
        public static bool Compares => true;

        public static bool Step<T>(Core c, CpuState* s, Op* o, long by) where T : unmanaged
        {
            if (!Destination<T>(c, s, o, write: false, out ulong to) || !Access.Read<T>(c, s, to, Es, out ulong b)) return false;
            Cmp.Value<T>(s, Bits.Register<T>(s, 0), b);
            Advance(s, o, Rdi, by);
            return true;
        }

        public static ulong Bulk<T>(Core c, CpuState* s, Op* o, ulong count) where T : unmanaged => 0;
    }

    private readonly struct Ins : IStringOp
    {
        public static bool Compares => false;

        public static bool Step<T>(Core c, CpuState* s, Op* o, long by) where T : unmanaged
        {
            var port = (ushort)s->Registers[2];
            if (!PortIo.Allowed(c, s, port, sizeof(T)) || !Destination<T>(c, s, o, write: true, out ulong to)) return false;
            // The port must not be read if the store would fault.
            if (!c.Mmu.Probe(to, sizeof(T), Es, AccessKind.Write)) return false;
            if (!Access.Write<T>(c, s, to, Es, c.Ports.Read(port, sizeof(T)))) return false;
            Advance(s, o, Rdi, by);
            return true;
        }

        public static ulong Bulk<T>(Core c, CpuState* s, Op* o, ulong count) where T : unmanaged => 0;
    }

    private readonly struct Outs : IStringOp
    {
        public static bool Compares => false;

        public static bool Step<T>(Core c, CpuState* s, Op* o, long by) where T : unmanaged
        {
            var port = (ushort)s->Registers[2];
            if (!PortIo.Allowed(c, s, port, sizeof(T)) || !Source<T>(c, s, o, out ulong from)) return false;
            if (!Access.Read<T>(c, s, from, o->Segment, out ulong value)) return false;
            c.Ports.Write(port, sizeof(T), (uint)value);
            Advance(s, o, Rsi, by);
            return true;
        }

        public static ulong Bulk<T>(Core c, CpuState* s, Op* o, ulong count) where T : unmanaged => 0;
    }
}
