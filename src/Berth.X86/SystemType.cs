namespace Berth.X86;

/// <summary>Types of system descriptors and gates. Spec: [SDM3] table 3-2.</summary>
public static class SystemType
{
    /// <summary>16-bit TSS, available.</summary>
    public const int Tss16 = 1;

    /// <summary>Local descriptor table.</summary>
    public const int Ldt = 2;

    /// <summary>16-bit call gate.</summary>
    public const int CallGate16 = 4;

    /// <summary>Task gate.</summary>
    public const int TaskGate = 5;

    /// <summary>16-bit interrupt gate.</summary>
    public const int InterruptGate16 = 6;

    /// <summary>16-bit trap gate.</summary>
    public const int TrapGate16 = 7;

    /// <summary>32- or 64-bit TSS, available.</summary>
    public const int Tss = 9;

    /// <summary>32- or 64-bit TSS, busy.</summary>
    public const int TssBusy = 11;

    /// <summary>32- or 64-bit call gate.</summary>
    public const int CallGate = 12;

    /// <summary>32- or 64-bit interrupt gate.</summary>
    public const int InterruptGate = 14;

    /// <summary>32- or 64-bit trap gate.</summary>
    public const int TrapGate = 15;
}
