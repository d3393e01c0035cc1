using Berth.Cpu.Memory;
using Berth.Cpu.State;
using Iced.Intel;

namespace Berth.Cpu.Interpreter;

// [SDM2] SHL, SHR, SAR, ROL, ROR, RCL, RCR, SHLD, SHRD. Counts are masked to 5 or 6 bits; a count of zero leaves the flags.
internal readonly unsafe struct Shl : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged
    {
        int count = Shift.Count<T>(b), width = sizeof(T) * 8;
        if (count == 0) return a;
        ulong r = count >= width ? 0 : a << count;
        bool carry = count <= width && (a >> (width - count) & 1) != 0;
        Flags.SetShift<T>(s, r, carry, carry != Bits.Sign<T>(r));
        return r;
    }
}

internal readonly unsafe struct Shr : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged
    {
        int count = Shift.Count<T>(b);
        if (count == 0) return a;
        ulong r = a >> count;
        Flags.SetShift<T>(s, r, (a >> (count - 1) & 1) != 0, Bits.Sign<T>(a));
        return r;
    }
}

internal readonly unsafe struct Sar : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged
    {
        int count = Shift.Count<T>(b);
        if (count == 0) return a;
        long extended = Bits.SignExtend<T>(a);
        var r = (ulong)(extended >> count);
        Flags.SetShift<T>(s, r, (extended >> (count - 1) & 1) != 0, false);
        return r;
    }
}

internal readonly unsafe struct Rol : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged
    {
        int count = Shift.Count<T>(b), width = sizeof(T) * 8;
        if (count == 0) return a;
        int turn = count & (width - 1);
        ulong r = turn == 0 ? a : Bits.Truncate<T>((a << turn) | (a >> (width - turn)));
        bool carry = (r & 1) != 0;
        Shift.SetCarryOverflow(s, carry, carry != Bits.Sign<T>(r));
        return r;
    }
}

internal readonly unsafe struct Ror : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged
    {
        int count = Shift.Count<T>(b), width = sizeof(T) * 8;
        if (count == 0) return a;
        int turn = count & (width - 1);
        ulong r = turn == 0 ? a : Bits.Truncate<T>((a >> turn) | (a << (width - turn)));
        Shift.SetCarryOverflow(s, Bits.Sign<T>(r), Bits.Sign<T>(r) != Bits.Sign<T>(r << 1));
        return r;
    }
}

internal readonly unsafe struct Rcl : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged
    {
        int width = sizeof(T) * 8, count = Shift.Count<T>(b);
        if (count == 0) return a;
        int turn = count % (width + 1);
        UInt128 value = a | ((UInt128)Flags.CarryBit(s) << width);
        UInt128 turned = turn == 0 ? value : (value << turn) | (value >> (width + 1 - turn));
        ulong r = Bits.Truncate<T>((ulong)turned);
        bool carry = ((ulong)(turned >> width) & 1) != 0;
        Shift.SetCarryOverflow(s, carry, carry != Bits.Sign<T>(r));
        return r;
    }
}

internal readonly unsafe struct Rcr : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged
    {
        int width = sizeof(T) * 8, count = Shift.Count<T>(b);
        if (count == 0) return a;
        int turn = count % (width + 1);
        UInt128 value = a | ((UInt128)Flags.CarryBit(s) << width);
        UInt128 turned = turn == 0 ? value : (value >> turn) | (value << (width + 1 - turn));
        ulong r = Bits.Truncate<T>((ulong)turned);
        bool carry = ((ulong)(turned >> width) & 1) != 0;
        Shift.SetCarryOverflow(s, carry, Bits.Sign<T>(r) != Bits.Sign<T>(r << 1));
        return r;
    }
}

internal static unsafe class Shift
{
    public static int Count<T>(ulong b) where T : unmanaged => (int)(b & (sizeof(T) == 8 ? 63UL : 31));

    public static void SetCarryOverflow(CpuState* s, bool carry, bool overflow) =>
        s->FlagCarry = (s->FlagCarry & ~(3UL << 62)) | Flags.CarryPair(carry, overflow);

    /// <summary>SHLD and SHRD.</summary>
    public static Handler SelectDouble(in Instruction i, int width)
    {
        bool left = i.Mnemonic == Mnemonic.Shld;
        return width switch
        {
            2 => left ? &Double<ushort, Left> : &Double<ushort, Right>,
            4 => left ? &Double<uint, Left> : &Double<uint, Right>,
            _ => left ? &Double<ulong, Left> : &Double<ulong, Right>,
        };
    }

    private interface IDirection
    {
        static abstract bool IsLeft { get; }
    }

    private readonly struct Left : IDirection
    {
        public static bool IsLeft => true;
    }

    private readonly struct Right : IDirection
    {
        public static bool IsLeft => false;
    }

    private static bool Double<T, TDirection>(Core c, CpuState* s, Op* o)
        where T : unmanaged
        where TDirection : struct, IDirection
    {
        // The count is an immediate, or CL when the instruction has three registers.
        int count = Count<T>(o->Extra != 0 ? s->Registers[1] : (ulong)o->Immediate);
        ulong fill = Bits.Register<T>(s, o->B);
        if ((o->Flags & OpFlags.Memory) == 0)
        {
            Bits.SetRegister<T>(s, o->A, Shifted<T, TDirection>(s, Bits.Register<T>(s, o->A), fill, count));
            return true;
        }
        if (!Access.Address(c, s, o, sizeof(T), write: true, out ulong address)) return false;
        if (!c.Mmu.ReadForWrite(address, sizeof(T), o->Segment, out ulong a)) return false;
        return c.Mmu.WriteSlow(address, sizeof(T), o->Segment, Shifted<T, TDirection>(s, a, fill, count));
    }

    private static ulong Shifted<T, TDirection>(CpuState* s, ulong a, ulong fill, int count)
        where T : unmanaged
        where TDirection : struct, IDirection
    {
        int width = sizeof(T) * 8;
        if (count == 0) return a;
        // 16-bit operands take counts up to 31: the register then enters twice, as processors do.
        UInt128 wide = TDirection.IsLeft
            ? ((UInt128)a << (2 * width)) | ((UInt128)fill << width) | (width == 16 ? a : 0)
            : ((UInt128)(width == 16 ? a : 0) << (2 * width)) | ((UInt128)fill << width) | a;
        if (width == 64)
        {
            ulong r64 = TDirection.IsLeft ? (a << count) | (fill >> (64 - count)) : (a >> count) | (fill << (64 - count));
            bool carry64 = ((TDirection.IsLeft ? a >> (64 - count) : a >> (count - 1)) & 1) != 0;
            Flags.SetShift<T>(s, r64, carry64, Bits.Sign<T>(r64) != Bits.Sign<T>(a));
            return r64;
        }
        ulong r = Bits.Truncate<T>((ulong)(TDirection.IsLeft ? wide >> ((2 * width) - count) : wide >> count));
        bool carry = ((ulong)(TDirection.IsLeft ? wide >> ((3 * width) - count) : wide >> (count - 1)) & 1) != 0;
        Flags.SetShift<T>(s, r, carry, Bits.Sign<T>(r) != Bits.Sign<T>(a));
        return r;
    }
}
