using System.Numerics;
using Berth.Cpu.State;
using Berth.X86;

namespace Berth.Cpu.Interpreter;

// [SDM2] AND, OR, XOR, TEST, NOT, BT, BTS, BTR, BTC, BSF, BSR, TZCNT, LZCNT, POPCNT
internal readonly unsafe struct And : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged
    {
        ulong r = a & b;
        Flags.SetLogic<T>(s, r);
        return r;
    }
}

internal readonly unsafe struct Test : IBinaryOp
{
    public static bool Writes => false;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged => And.Apply<T>(s, a, b);
}

internal readonly unsafe struct Or : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged
    {
        ulong r = a | b;
        Flags.SetLogic<T>(s, r);
        return r;
    }
}

internal readonly unsafe struct Xor : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged
    {
        ulong r = a ^ b;
        Flags.SetLogic<T>(s, r);
        return r;
    }
}

internal readonly unsafe struct Not : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged => ~a;
}

internal readonly unsafe struct Bt : IBinaryOp
{
    public static bool Writes => false;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged
    {
        Flags.SetCarry(s, (a >> (int)(b & (ulong)((sizeof(T) * 8) - 1)) & 1) != 0);
        return a;
    }
}

internal readonly unsafe struct Bts : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged =>
        Bt.Apply<T>(s, a, b) | 1UL << (int)(b & (ulong)((sizeof(T) * 8) - 1));
}

internal readonly unsafe struct Btr : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged =>
        Bt.Apply<T>(s, a, b) & ~(1UL << (int)(b & (ulong)((sizeof(T) * 8) - 1)));
}

internal readonly unsafe struct Btc : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged =>
        Bt.Apply<T>(s, a, b) ^ 1UL << (int)(b & (ulong)((sizeof(T) * 8) - 1));
}

internal readonly unsafe struct Bsf : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged
    {
        BitScan.SetZero(s, b == 0);
        // The destination stays when the source is zero: documented by AMD, done by every processor.
        return b == 0 ? a : (ulong)BitOperations.TrailingZeroCount(b);
    }
}

internal readonly unsafe struct Bsr : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged
    {
        BitScan.SetZero(s, b == 0);
        return b == 0 ? a : (ulong)BitOperations.Log2(b);
    }
}

internal readonly unsafe struct Tzcnt : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged
    {
        ulong r = b == 0 ? (ulong)(sizeof(T) * 8) : (ulong)BitOperations.TrailingZeroCount(b);
        BitScan.SetCount(s, r == 0, b == 0);
        return r;
    }
}

internal readonly unsafe struct Lzcnt : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged
    {
        ulong r = (ulong)(BitOperations.LeadingZeroCount(b) - (64 - (sizeof(T) * 8)));
        BitScan.SetCount(s, r == 0, b == 0);
        return r;
    }
}

internal readonly unsafe struct Popcnt : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged
    {
        Flags.SetStatus(s, b == 0 ? RFlags.Zero : 0);
        return (ulong)BitOperations.PopCount(b);
    }
}

internal static unsafe class BitScan
{
    public static void SetZero(CpuState* s, bool zero) => Flags.SetStatus(s, zero ? RFlags.Zero | RFlags.Parity : 0);

    public static void SetCount(CpuState* s, bool zero, bool carry) => Flags.SetStatus(s, (zero ? RFlags.Zero : 0) | (carry ? RFlags.Carry : 0));
}
