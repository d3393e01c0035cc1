namespace Berth.Cpu.Memory;

/// <summary>As whom memory is accessed; each mode has TLB entries of its own, so CPL changes and STAC/CLAC flush nothing.</summary>
internal static class AccessMode
{
    public const int User = 0;

    /// <summary>Supervisor; under SMAP without reach to user pages.</summary>
    public const int Supervisor = 1;

    /// <summary>Supervisor with RFLAGS.AC set under SMAP.</summary>
    public const int SupervisorAll = 2;

    /// <summary>User with alignment checks: entries are never filled, so every access takes the slow path.</summary>
    public const int UserAligned = 3;

    public const int Count = 4;

    /// <summary>Modes that generated code exists for: all but the last.</summary>
    public const int Translated = 3;
}
