using Berth.Cpu.Memory;
using Berth.Cpu.State;
using Berth.X86;
using Iced.Intel;

namespace Berth.Cpu.Interpreter;

/// <summary>[SDM2] IMUL with two operands: CF and OF tell whether the product was cut; the other flags follow the result.</summary>
internal readonly unsafe struct Imul : IBinaryOp
{
    public static bool Writes => true;

    public static ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged
    {
        Int128 wide = (Int128)Bits.SignExtend<T>(a) * Bits.SignExtend<T>(b);
        var r = (ulong)wide;
        bool cut = wide != Bits.SignExtend<T>(r);
        Flags.SetParts<T>(s, r, cut, cut);
        return r;
    }
}

/// <summary>[SDM2] MUL, IMUL (one and three operands), DIV, IDIV.</summary>
internal static unsafe class MulDiv
{
    private const int Rax = 0, Rdx = 16;

    public static Handler Select(in Instruction i, int width) => i.Mnemonic switch
    {
        Mnemonic.Mul => width switch { 1 => &Mul<byte>, 2 => &Mul<ushort>, 4 => &Mul<uint>, _ => &Mul<ulong> },
        Mnemonic.Imul when i.OpCount == 1 => width switch { 1 => &ImulWide<byte>, 2 => &ImulWide<ushort>, 4 => &ImulWide<uint>, _ => &ImulWide<ulong> },
        Mnemonic.Imul => width switch { 2 => &Imul3<ushort>, 4 => &Imul3<uint>, _ => &Imul3<ulong> },
        Mnemonic.Div => width switch { 1 => &Div<byte>, 2 => &Div<ushort>, 4 => &Div<uint>, _ => &Div<ulong> },
        Mnemonic.Idiv => width switch { 1 => &Idiv<byte>, 2 => &Idiv<ushort>, 4 => &Idiv<uint>, _ => &Idiv<ulong> },
        _ => null,
    };

    /// <summary>Reads the register-or-memory operand, whichever place it has.</summary>
    public static bool Source<T>(Core c, CpuState* s, Op* o, int register, out ulong value) where T : unmanaged
    {
        if ((o->Flags & OpFlags.Memory) == 0)
        {
            value = Bits.Register<T>(s, register);
            return true;
        }
        value = 0;
        return Access.Address(c, s, o, sizeof(T), write: false, out ulong address) && Access.Read<T>(c, s, address, o->Segment, out value);
    }

    private static void SetProduct<T>(CpuState* s, UInt128 wide, bool cut) where T : unmanaged
    {
        if (sizeof(T) == 1) Bits.SetRegister<ushort>(s, Rax, (ulong)wide);
        else
        {
            Bits.SetRegister<T>(s, Rax, Bits.Truncate<T>((ulong)wide));
            Bits.SetRegister<T>(s, Rdx, Bits.Truncate<T>((ulong)(wide >> (sizeof(T) * 8))));
        }
        Flags.SetParts<T>(s, Bits.Truncate<T>((ulong)wide), cut, cut);
    }

    private static bool Mul<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        if (!Source<T>(c, s, o, o->A, out ulong b)) return false;
        UInt128 wide = (UInt128)Bits.Register<T>(s, Rax) * b;
        SetProduct<T>(s, wide, wide >> (sizeof(T) * 8) != 0);
        return true;
    }

    private static bool ImulWide<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        if (!Source<T>(c, s, o, o->A, out ulong b)) return false;
        Int128 wide = (Int128)Bits.SignExtend<T>(Bits.Register<T>(s, Rax)) * Bits.SignExtend<T>(b);
        SetProduct<T>(s, (UInt128)wide, wide != Bits.SignExtend<T>((ulong)wide));
        return true;
    }

    private static bool Imul3<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        if (!Source<T>(c, s, o, o->B, out ulong a)) return false;
        Bits.SetRegister<T>(s, o->A, Imul.Apply<T>(s, a, (ulong)o->Immediate));
        return true;
    }

    private static bool Div<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        if (!Source<T>(c, s, o, o->A, out ulong divisor)) return false;
        if (divisor == 0) return c.Raise(ExceptionVector.DivideError);
        if (sizeof(T) <= 4)
        {
            ulong dividend = sizeof(T) == 1 ? Bits.Register<ushort>(s, Rax) : Bits.Register<T>(s, Rax) | (Bits.Register<T>(s, Rdx) << (sizeof(T) * 8));
            ulong quotient = dividend / divisor;
            if (Bits.Truncate<T>(quotient) != quotient) return c.Raise(ExceptionVector.DivideError);
            SetQuotient<T>(s, quotient, dividend % divisor);
            return true;
        }
        ulong high = s->Registers[2], low = s->Registers[0];
        if (high >= divisor) return c.Raise(ExceptionVector.DivideError);
        if (high == 0)
        {
            (s->Registers[0], s->Registers[2]) = Math.DivRem(low, divisor);
            return true;
        }
        UInt128 wide = new(high, low), result = wide / divisor;
        SetQuotient<T>(s, (ulong)result, (ulong)(wide - (result * divisor)));
        return true;
    }

    private static bool Idiv<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        if (!Source<T>(c, s, o, o->A, out ulong raw)) return false;
        long divisor = Bits.SignExtend<T>(raw);
        if (divisor == 0) return c.Raise(ExceptionVector.DivideError);
        Int128 dividend = sizeof(T) == 1 ? (short)s->Registers[0]
            : sizeof(T) == 8 ? new Int128(s->Registers[2], s->Registers[0])
            : (Int128)((UInt128)Bits.Register<T>(s, Rdx) << (128 - (sizeof(T) * 8)) | (UInt128)Bits.Register<T>(s, Rax) << (128 - (sizeof(T) * 16))) >> (128 - (sizeof(T) * 16));
        // |MIN / -1| of 128 bits does not exist; it would not fit anyway.
        if (dividend == Int128.MinValue && divisor == -1) return c.Raise(ExceptionVector.DivideError);
        Int128 quotient = dividend / divisor;
        if (quotient != Bits.SignExtend<T>((ulong)quotient)) return c.Raise(ExceptionVector.DivideError);
        SetQuotient<T>(s, (ulong)quotient, (ulong)(dividend - (quotient * divisor)));
        return true;
    }

    private static void SetQuotient<T>(CpuState* s, ulong quotient, ulong remainder) where T : unmanaged
    {
        if (sizeof(T) == 1)
        {
            Bits.SetRegister<ushort>(s, Rax, (byte)quotient | ((ulong)(byte)remainder << 8));
            return;
        }
        Bits.SetRegister<T>(s, Rax, quotient);
        Bits.SetRegister<T>(s, Rdx, remainder);
    }
}
