namespace Berth.Cpu.Host;

/// <summary>What a host stub must set up around its instruction.</summary>
[Flags]
internal enum StubKind
{
    None = 0,

    /// <summary>Depends on MXCSR or changes it.</summary>
    Float = 1,

    /// <summary>VEX-encoded vector instruction: YMM registers, upper halves cleared.</summary>
    Avx = 2,

    /// <summary>Reads or writes status flags.</summary>
    Flags = 4,

    /// <summary>Uses the x87 register stack or MMX registers.</summary>
    X87 = 8,

    /// <summary>General registers only.</summary>
    General = 16,
    Mmx = 32,
}
