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
    /// <summary>BSF and BSR.</summary>
    public static Handler Select(bool forward, int width) => forward
        ? width switch { 2 => &Scan<ushort, Forward>, 4 => &Scan<uint, Forward>, _ => &Scan<ulong, Forward> }
        : width switch { 2 => &Scan<ushort, Reverse>, 4 => &Scan<uint, Reverse>, _ => &Scan<ulong, Reverse> };

    private interface IScan
    {
        static abstract ulong Find(ulong value);
    }

    private readonly struct Forward : IScan
    {
        public static ulong Find(ulong value) => (ulong)BitOperations.TrailingZeroCount(value);
    }

    private readonly struct Reverse : IScan
    {
        public static ulong Find(ulong value) => (ulong)BitOperations.Log2(value);
    }

    private static bool Scan<T, TScan>(Core c, CpuState* s, Op* o)
        where T : unmanaged
        where TScan : struct, IScan
    {
        if (!MulDiv.Source<T>(c, s, o, o->B, out ulong b)) return false;
        Flags.SetStatus(s, b == 0 ? RFlags.Zero | RFlags.Parity : 0);
        // A zero source leaves the whole destination, upper half included: documented by AMD, done by every processor.
        if (b != 0) Bits.SetRegister<T>(s, o->A, TScan.Find(b));
        return true;
    }

    public static void SetCount(CpuState* s, bool zero, bool carry) => Flags.SetStatus(s, (zero ? RFlags.Zero : 0) | (carry ? RFlags.Carry : 0));
}
