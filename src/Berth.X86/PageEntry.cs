namespace Berth.X86;

/// <summary>Bits of a paging-structure entry. Spec: [SDM3] 4.5.</summary>
public static class PageEntry
{
    /// <summary>P.</summary>
    public const ulong Present = 1UL << 0;

    /// <summary>R/W.</summary>
    public const ulong Writable = 1UL << 1;

    /// <summary>U/S.</summary>
    public const ulong User = 1UL << 2;

    /// <summary>A.</summary>
    public const ulong Accessed = 1UL << 5;

    /// <summary>D.</summary>
    public const ulong Dirty = 1UL << 6;

    /// <summary>PS.</summary>
    public const ulong Large = 1UL << 7;

    /// <summary>G.</summary>
    public const ulong Global = 1UL << 8;

    /// <summary>XD.</summary>
    public const ulong NoExecute = 1UL << 63;

    /// <summary>Physical address of a table or 4 KiB page.</summary>
    public const ulong AddressMask = 0x000F_FFFF_FFFF_F000;
}
