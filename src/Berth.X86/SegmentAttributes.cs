namespace Berth.X86;

/// <summary>Access rights of a segment: bits 8-15 and 20-23 of a descriptor's second word, shifted right by 8. Spec: [SDM3] 3.4.5.</summary>
[Flags]
public enum SegmentAttributes : ushort
{
    /// <summary>Not usable.</summary>
    None = 0,

    /// <summary>Has been loaded (code and data).</summary>
    Accessed = 1 << 0,

    /// <summary>Data: writable. Code: readable.</summary>
    WritableOrReadable = 1 << 1,

    /// <summary>Data: expand-down. Code: conforming.</summary>
    ExpandDownOrConforming = 1 << 2,

    /// <summary>Code segment.</summary>
    Code = 1 << 3,

    /// <summary>Code or data, not a system segment.</summary>
    NonSystem = 1 << 4,

    /// <summary>Present.</summary>
    Present = 1 << 7,

    /// <summary>64-bit code.</summary>
    Long = 1 << 13,

    /// <summary>32-bit code or stack.</summary>
    Big = 1 << 14,

    /// <summary>Limit counts pages.</summary>
    PageGranular = 1 << 15,
}
