namespace Berth.Images.Tar;

/// <summary>A run of a sparse file that is stored; everything between runs reads as zero.</summary>
public readonly record struct SparseExtent(long Offset, long Length);
