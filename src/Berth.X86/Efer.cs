namespace Berth.X86;

/// <summary>Bits of IA32_EFER. Spec: [SDM3] 2.2.1.</summary>
public static class Efer
{
    /// <summary>SCE.</summary>
    public const ulong SystemCall = 1UL << 0;

    /// <summary>LME.</summary>
    public const ulong LongModeEnable = 1UL << 8;

    /// <summary>LMA.</summary>
    public const ulong LongModeActive = 1UL << 10;

    /// <summary>NXE.</summary>
    public const ulong NoExecute = 1UL << 11;
}
