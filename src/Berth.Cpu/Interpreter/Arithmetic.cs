using System.Runtime.CompilerServices;
using Berth.Cpu.State;

namespace Berth.Cpu.Interpreter;

// [SDM2] ADD, ADC, SUB, SBB, CMP, NEG, INC, DEC
internal readonly unsafe struct Add : IBinaryOp
{
    public static bool Writes => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Value<T>(CpuState* s, ulong a, ulong b) where T : unmanaged
    {
        ulong r = a + b;
        Flags.SetResult<T>(s, r, (a & b) | ((a | b) & ~r));
        return r;
    }

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged => Value<T>(s, a, b);
}

internal readonly unsafe struct Adc : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged
    {
        ulong r = a + b + Flags.CarryBit(s);
        Flags.SetResult<T>(s, r, (a & b) | ((a | b) & ~r));
        return r;
    }
}

internal readonly unsafe struct Sub : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged => Cmp.Value<T>(s, a, b);
}

internal readonly unsafe struct Sbb : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged
    {
        ulong r = a - b - Flags.CarryBit(s);
        Flags.SetResult<T>(s, r, (~a & b) | ((~a | b) & r));
        return r;
    }
}

internal readonly unsafe struct Cmp : IBinaryOp
{
    public static bool Writes => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Value<T>(CpuState* s, ulong a, ulong b) where T : unmanaged
    {
        ulong r = a - b;
        Flags.SetResult<T>(s, r, (~a & b) | ((~a | b) & r));
        return r;
    }

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged => Value<T>(s, a, b);
}

internal readonly unsafe struct Neg : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged => Cmp.Value<T>(s, 0, a);
}

internal readonly unsafe struct Inc : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged
    {
        bool carry = Flags.Carry(s);
        ulong r = Add.Value<T>(s, a, 1);
        Flags.SetCarry(s, carry);
        return r;
    }
}

internal readonly unsafe struct Dec : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged
    {
        bool carry = Flags.Carry(s);
        ulong r = Cmp.Value<T>(s, a, 1);
        Flags.SetCarry(s, carry);
        return r;
    }
}
