namespace Berth.Cpu.State;

/// <summary>Prefixes and properties of a decoded instruction.</summary>
[Flags]
internal enum OpFlags : byte
{
    None = 0,

    /// <summary>The address needs truncation, limit or rights checks.</summary>
    SlowAddress = 1,
    Lock = 2,
    Rep = 4,
    Repne = 8,

    /// <summary>Memory operand that must be aligned to its size (#GP otherwise).</summary>
    Aligned = 16,
    Memory = 32,

    /// <summary>The memory operand is written.</summary>
    MemoryWrite = 64,
    MemoryRead = 128,
}
