using System.Runtime.InteropServices;
using Berth.Cpu.State;

namespace Berth.Cpu.Interpreter;

/// <summary>Decoded instructions that follow each other in one page (the last may reach into the next). The operations and a copy
/// of the code bytes stand behind it in the arena.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Block
{
    public const int MaxOps = 32;

    /// <summary><see cref="Heat"/> of blocks whose first instruction only the interpreter runs.</summary>
    public const uint Untranslatable = uint.MaxValue;

    /// <summary>Guest-physical address, and code size and privilege class in <see cref="Key"/>.</summary>
    public ulong Physical;
    public Block* Next;
    public Op* Ops;
    public byte* Bytes;

    /// <summary>File-order page of the first and, where an instruction crosses, of the second page; -1 if none.</summary>
    public long Page, Page2;
    public uint Version, Version2;
    public int Key;

    /// <summary>Executions, until the translator takes over.</summary>
    public uint Heat;
    public ushort Length;
    public ushort Count;

    /// <summary>The last operation sets RIP itself.</summary>
    public bool Branches;
}
