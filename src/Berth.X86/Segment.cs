using System.Runtime.InteropServices;

namespace Berth.X86;

/// <summary>A segment register with its hidden part. Spec: [SDM3] 3.4.3.</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct Segment
{
    /// <summary>Linear address of offset 0.</summary>
    public ulong Base { get; set; }

    /// <summary>Last valid offset, in bytes (granularity applied).</summary>
    public uint Limit { get; set; }

    /// <summary>The visible part.</summary>
    public ushort Selector { get; set; }

    /// <summary>Descriptor bits 8-15 and 20-23 of its second word in place: type, S, DPL, P, then AVL, L, D/B, G. Zero means unusable.</summary>
    public SegmentAttributes Attributes { get; set; }

    /// <summary>Descriptor privilege level.</summary>
    public readonly int Dpl => ((int)Attributes >> 5) & 3;
}
