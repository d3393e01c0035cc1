namespace Berth.X86;

/// <summary>Bits of a page fault's error code. Spec: [SDM3] 4.7.</summary>
public static class PageFaultError
{
    /// <summary>The translation existed; rights or reserved bits failed.</summary>
    public const uint Present = 1u << 0;

    /// <summary>A write.</summary>
    public const uint Write = 1u << 1;

    /// <summary>Made at CPL 3.</summary>
    public const uint User = 1u << 2;

    /// <summary>A reserved bit was set.</summary>
    public const uint Reserved = 1u << 3;

    /// <summary>An instruction fetch.</summary>
    public const uint Instruction = 1u << 4;
}
