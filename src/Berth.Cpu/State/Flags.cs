using System.Numerics;
using System.Runtime.CompilerServices;
using Berth.Cpu.Host;
using Berth.X86;

namespace Berth.Cpu.State;

/// <summary>The status flags, kept as the last result and its carries until someone asks.</summary>
/// <remarks><see cref="CpuState.FlagResult"/>: sign-extended result (ZF, SF, PF). <see cref="CpuState.FlagCarry"/>: bit 63 carry out (CF),
/// bit 62 carry into the sign (OF = 63 xor 62), bit 3 carry out of bit 3 (AF), bits 8-15 xor the parity byte, bit 16 flips SF.</remarks>
internal static unsafe class Flags
{
    private const ulong CarryBits = 0xC000_0000_0000_0008;

    public static bool Carry(CpuState* s) => (long)s->FlagCarry < 0;

    public static ulong CarryBit(CpuState* s) => s->FlagCarry >> 63;

    public static bool Zero(CpuState* s) => s->FlagResult == 0;

    public static bool Sign(CpuState* s) => ((s->FlagResult >> 63) & 1) != (long)((s->FlagCarry >> 16) & 1);

    public static bool Overflow(CpuState* s) => (long)(s->FlagCarry ^ (s->FlagCarry << 1)) < 0;

    public static bool Parity(CpuState* s) => (BitOperations.PopCount((uint)((byte)s->FlagResult ^ (byte)(s->FlagCarry >> 8))) & 1) == 0;

    public static bool Adjust(CpuState* s) => (s->FlagCarry & 8) != 0;

    /// <summary>The six flags at their RFLAGS places.</summary>
    public static ulong Status(CpuState* s) =>
        CarryBit(s) | (Parity(s) ? RFlags.Parity : 0) | (Adjust(s) ? RFlags.Adjust : 0) | (Zero(s) ? RFlags.Zero : 0)
        | (Sign(s) ? RFlags.Sign : 0) | (Overflow(s) ? RFlags.Overflow : 0);

    public static ulong All(CpuState* s) => s->SystemFlags | Status(s);

    /// <summary>Takes the six flags from an RFLAGS value.</summary>
    public static void SetStatus(CpuState* s, ulong flags)
    {
        bool carry = (flags & RFlags.Carry) != 0, overflow = (flags & RFlags.Overflow) != 0;
        bool zero = (flags & RFlags.Zero) != 0, parity = (flags & RFlags.Parity) != 0;
        s->FlagResult = zero ? 0 : 1;
        // Result 0 has even parity, result 1 odd; the delta byte corrects it.
        ulong delta = parity == zero ? 0UL : 1UL << 8;
        ulong sign = (flags & RFlags.Sign) != 0 ? 1UL << 16 : 0;
        s->FlagCarry = CarryPair(carry, overflow) | ((flags & RFlags.Adjust) != 0 ? 8UL : 0) | delta | sign;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong CarryPair(bool carry, bool overflow) =>
        ((carry ? 1UL : 0) << 63) | ((carry != overflow ? 1UL : 0) << 62);

    /// <summary>Changes CF alone.</summary>
    public static void SetCarry(CpuState* s, bool carry) => s->FlagCarry = (s->FlagCarry & ~(3UL << 62)) | CarryPair(carry, Overflow(s));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SetResult<T>(CpuState* s, ulong result, ulong carries) where T : unmanaged
    {
        s->FlagResult = Bits.SignExtend<T>(result);
        s->FlagCarry = sizeof(T) == 8 ? carries & CarryBits : ((carries << (64 - (sizeof(T) * 8))) & (3UL << 62)) | (carries & 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SetLogic<T>(CpuState* s, ulong result) where T : unmanaged
    {
        s->FlagResult = Bits.SignExtend<T>(result);
        s->FlagCarry = 0;
    }

    /// <summary>Result flags with CF and OF given; AF is cleared.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SetParts<T>(CpuState* s, ulong result, bool carry, bool overflow) where T : unmanaged
    {
        s->FlagResult = Bits.SignExtend<T>(result);
        s->FlagCarry = CarryPair(carry, overflow);
    }

    /// <summary>The same for shifts, whose AF is undefined: as the host's processor has it, so that guests cannot see what is translated.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SetShift<T>(CpuState* s, ulong result, bool carry, bool overflow) where T : unmanaged
    {
        SetParts<T>(s, result, carry, overflow);
        s->FlagCarry |= HostFlags.ShiftAdjust;
    }
}
