using System.Runtime.InteropServices;
using Berth.Cpu.Memory;

namespace Berth.Cpu.State;

/// <summary>The unmanaged memory of one vCPU: state block and tables at fixed distances, so that generated code reaches all of it from one base.</summary>
internal static unsafe class CpuMemory
{
    public const int TlbBits = 12, CodeBits = 12, JumpBits = 16;
    public const int TlbOffset = 4096;
    public const int TlbLength = (1 << TlbBits) * 32;
    public const int CodeOffset = TlbOffset + (AccessMode.Count * TlbLength);
    public const int CodeLength = (1 << CodeBits) * 32;
    public const int JumpOffset = CodeOffset + (AccessMode.Count * CodeLength);
    public const int JumpLength = (1 << JumpBits) * 16;
    private const int Length = JumpOffset + (AccessMode.Translated * JumpLength);

    /// <summary>Zeroed memory; pages of tables that nobody uses cost nothing.</summary>
    public static CpuState* Allocate()
    {
        // SAFETY: the pointer is moved up to a page boundary inside the allocation and remembered for Free.
        byte* raw = (byte*)NativeMemory.AllocZeroed(Length + 4096);
        byte* aligned = (byte*)(((nint)raw + 4095) & ~4095);
        var state = (CpuState*)aligned;
        state->Allocation = (nint)raw;
        return state;
    }

    public static void Free(CpuState* state) => NativeMemory.Free((void*)state->Allocation);

    public static TlbEntry* Tlb(CpuState* s, int mode) => (TlbEntry*)((byte*)s + TlbOffset + (mode * TlbLength));

    public static CodeEntry* Code(CpuState* s, int mode) => (CodeEntry*)((byte*)s + CodeOffset + (mode * CodeLength));

    public static JumpEntry* Jumps(CpuState* s, int mode) => (JumpEntry*)((byte*)s + JumpOffset + (mode * JumpLength));

    /// <summary>Index of a page's <see cref="CodeEntry"/>.</summary>
    public static int CodeIndex(ulong linear) => (int)((linear >> 12) ^ (linear >> 24)) & ((1 << CodeBits) - 1);
}
