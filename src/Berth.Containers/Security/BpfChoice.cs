namespace Berth.Containers.Security;

/// <summary>Joins two pieces of code that both end in a return.</summary>
internal static class BpfChoice
{
    /// <summary>Chooses by the accumulator; a conditional jump reaches 255 instructions, farther ones go over an unconditional one.</summary>
    public static BpfInstruction[] AtLeast(uint value, BpfInstruction[] whenLess, BpfInstruction[] otherwise) => whenLess.Length <= byte.MaxValue
        ? [new(BpfInstruction.JumpGreaterOrEqual, (byte)whenLess.Length, 0, value), .. whenLess, .. otherwise]
        : [new(BpfInstruction.JumpGreaterOrEqual, 0, 1, value), new(BpfInstruction.Jump, 0, 0, (uint)whenLess.Length), .. whenLess, .. otherwise];
}
