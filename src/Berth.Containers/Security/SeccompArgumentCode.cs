using Berth.Containers.Spec;

namespace Berth.Containers.Security;

/// <summary>Emits the comparison of one 64-bit argument with two 32-bit loads.</summary>
internal static class SeccompArgumentCode
{
    // linux/seccomp.h: seccomp_data { int nr; u32 arch; u64 instruction_pointer; u64 args[6]; }
    private const uint ArgumentsOffset = 16;

    /// <summary>Code that falls through at its end when the condition holds, and otherwise jumps <paramref name="fail"/> instructions past its end.</summary>
    public static BpfInstruction[] Emit(SeccompArgument argument, int fail)
    {
        uint low = ArgumentsOffset + argument.Index * 8; // little-endian: the low half comes first
        uint high = low + 4;
        (uint valueHigh, uint valueLow) = Halves(argument.Value);
        switch (argument.Op)
        {
            case SeccompOperator.Equal:
                return [Load(high), Test(BpfInstruction.JumpEqual, valueHigh, 0, 2 + fail), Load(low), Test(BpfInstruction.JumpEqual, valueLow, 0, fail)];
            case SeccompOperator.NotEqual:
                return [Load(high), Test(BpfInstruction.JumpEqual, valueHigh, 0, 2), Load(low), Test(BpfInstruction.JumpEqual, valueLow, fail, 0)];
            case SeccompOperator.Greater:
                return Above(BpfInstruction.JumpGreater);
            case SeccompOperator.GreaterOrEqual:
                return Above(BpfInstruction.JumpGreaterOrEqual);
            case SeccompOperator.Less:
                return Below(BpfInstruction.JumpGreaterOrEqual);
            case SeccompOperator.LessOrEqual:
                return Below(BpfInstruction.JumpGreater);
            case SeccompOperator.MaskedEqual:
                (uint wantHigh, uint wantLow) = Halves(argument.ValueTwo & argument.Value);
                return
                [
                    Load(high), new(BpfInstruction.And, 0, 0, valueHigh), Test(BpfInstruction.JumpEqual, wantHigh, 0, 3 + fail),
                    Load(low), new(BpfInstruction.And, 0, 0, valueLow), Test(BpfInstruction.JumpEqual, wantLow, 0, fail),
                ];
            default:
                throw new SeccompException($"seccomp: unknown comparison {argument.Op}");
        }

        // A high half that differs settles it; an equal one leaves it to the low half.
        BpfInstruction[] Above(ushort lowTest) =>
        [
            Load(high), Test(BpfInstruction.JumpGreater, valueHigh, 3, 0), Test(BpfInstruction.JumpEqual, valueHigh, 0, 2 + fail),
            Load(low), Test(lowTest, valueLow, 0, fail),
        ];

        BpfInstruction[] Below(ushort lowTest) =>
        [
            Load(high), Test(BpfInstruction.JumpGreater, valueHigh, 3 + fail, 0), Test(BpfInstruction.JumpEqual, valueHigh, 0, 2),
            Load(low), Test(lowTest, valueLow, fail, 0),
        ];
    }

    private static BpfInstruction Load(uint offset) => new(BpfInstruction.LoadWord, 0, 0, offset);

    private static BpfInstruction Test(ushort code, uint value, int whenTrue, int whenFalse) => new(code, (byte)whenTrue, (byte)whenFalse, value);

    private static (uint High, uint Low) Halves(ulong value) => ((uint)(value >> 32), (uint)value);
}
