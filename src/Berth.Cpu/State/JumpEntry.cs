using System.Runtime.InteropServices;

namespace Berth.Cpu.State;

/// <summary>Generated code by linear address, for indirect jumps. The index is the low 16 bits of the address.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct JumpEntry
{
    public ulong Linear;
    public nint Code;
}
