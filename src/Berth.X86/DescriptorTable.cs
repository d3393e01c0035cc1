namespace Berth.X86;

/// <summary>GDTR or IDTR.</summary>
public record struct DescriptorTable(ulong Base, ushort Limit);
