namespace Berth.Boot.Layout;

/// <summary>A range of guest-physical addresses and what it is, in bytes.</summary>
public readonly record struct E820Entry(ulong Address, ulong Length, E820Type Type);
