namespace Berth.X86;

/// <summary>Segment registers in encoding order.</summary>
public enum SegmentName
{
#pragma warning disable CS1591 // the manual's own names
    Es, Cs, Ss, Ds, Fs, Gs,
#pragma warning restore CS1591
}
