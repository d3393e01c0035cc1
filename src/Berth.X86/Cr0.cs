namespace Berth.X86;

/// <summary>Bits of CR0. Spec: [SDM3] 2.5.</summary>
public static class Cr0
{
    /// <summary>PE.</summary>
    public const ulong ProtectionEnable = 1UL << 0;

    /// <summary>MP.</summary>
    public const ulong MonitorCoprocessor = 1UL << 1;

    /// <summary>EM.</summary>
    public const ulong Emulation = 1UL << 2;

    /// <summary>TS.</summary>
    public const ulong TaskSwitched = 1UL << 3;

    /// <summary>ET, always one.</summary>
    public const ulong ExtensionType = 1UL << 4;

    /// <summary>NE.</summary>
    public const ulong NumericError = 1UL << 5;

    /// <summary>WP.</summary>
    public const ulong WriteProtect = 1UL << 16;

    /// <summary>AM.</summary>
    public const ulong AlignmentMask = 1UL << 18;

    /// <summary>NW.</summary>
    public const ulong NotWriteThrough = 1UL << 29;

    /// <summary>CD.</summary>
    public const ulong CacheDisable = 1UL << 30;

    /// <summary>PG.</summary>
    public const ulong Paging = 1UL << 31;
}
