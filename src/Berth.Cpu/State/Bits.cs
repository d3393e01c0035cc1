using System.Runtime.CompilerServices;

namespace Berth.Cpu.State;

/// <summary>Values of 1, 2, 4 or 8 bytes carried in 64 bits; the type argument is the width.</summary>
internal static unsafe class Bits
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Load<T>(void* address) where T : unmanaged =>
        sizeof(T) == 1 ? *(byte*)address : sizeof(T) == 2 ? *(ushort*)address : sizeof(T) == 4 ? *(uint*)address : *(ulong*)address;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(void* address, ulong value) where T : unmanaged
    {
        if (sizeof(T) == 1) *(byte*)address = (byte)value;
        else if (sizeof(T) == 2) *(ushort*)address = (ushort)value;
        else if (sizeof(T) == 4) *(uint*)address = (uint)value;
        else *(ulong*)address = value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Truncate<T>(ulong value) where T : unmanaged =>
        sizeof(T) == 1 ? (byte)value : sizeof(T) == 2 ? (ushort)value : sizeof(T) == 4 ? (uint)value : value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long SignExtend<T>(ulong value) where T : unmanaged =>
        sizeof(T) == 1 ? (sbyte)value : sizeof(T) == 2 ? (short)value : sizeof(T) == 4 ? (int)value : (long)value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Sign<T>(ulong value) where T : unmanaged => ((value >> ((sizeof(T) * 8) - 1)) & 1) != 0;

    /// <summary>Reads an operand register.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Register<T>(CpuState* s, int offset) where T : unmanaged => Load<T>((byte*)s + offset);

    /// <summary>Writes an operand register; 32-bit writes clear the upper half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SetRegister<T>(CpuState* s, int offset, ulong value) where T : unmanaged
    {
        if (sizeof(T) >= 4) *(ulong*)((byte*)s + offset) = Truncate<T>(value);
        else Store<T>((byte*)s + offset, value);
    }
}
