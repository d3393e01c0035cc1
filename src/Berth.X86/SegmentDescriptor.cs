namespace Berth.X86;

/// <summary>An eight-byte descriptor in the GDT or LDT. Spec: [SDM3] 3.4.5.</summary>
public readonly record struct SegmentDescriptor(ulong Raw)
{
    /// <summary>32-bit base.</summary>
    public uint Base => (uint)((Raw >> 16) & 0xFF_FFFF) | (uint)(Raw >> 56 << 24);

    /// <summary>Last valid offset with granularity applied.</summary>
    public uint Limit
    {
        get
        {
            uint limit = (uint)(Raw & 0xFFFF) | ((uint)(Raw >> 32) & 0xF_0000);
            return Attributes.HasFlag(SegmentAttributes.PageGranular) ? (limit << 12) | 0xFFF : limit;
        }
    }

    /// <summary>Access rights.</summary>
    public SegmentAttributes Attributes => (SegmentAttributes)((Raw >> 40) & 0xF0FF);

    /// <summary>Descriptor privilege level.</summary>
    public int Dpl => (int)(Raw >> 45) & 3;

    /// <summary>Type field, meaning depends on <see cref="SegmentAttributes.NonSystem"/>.</summary>
    public int Type => (int)(Raw >> 40) & 15;

    /// <summary>Present bit.</summary>
    public bool IsPresent => (Raw >> 47 & 1) != 0;

    /// <summary>The register contents that loading <paramref name="selector"/> with this descriptor gives.</summary>
    public Segment ToSegment(ushort selector) => new() { Base = Base, Limit = Limit, Selector = selector, Attributes = Attributes };

    /// <summary>Makes a descriptor from its parts; a limit above 1 MiB becomes page granular.</summary>
    public static SegmentDescriptor Create(uint baseAddress, uint limit, SegmentAttributes attributes)
    {
        if (limit > 0xF_FFFF) attributes |= SegmentAttributes.PageGranular;
        uint field = attributes.HasFlag(SegmentAttributes.PageGranular) ? limit >> 12 : limit;
        return new((field & 0xFFFF) | ((ulong)(baseAddress & 0xFF_FFFF) << 16) | ((ulong)(uint)attributes << 40)
            | ((ulong)(field & 0xF_0000) << 32) | ((ulong)(baseAddress >> 24) << 56));
    }
}
