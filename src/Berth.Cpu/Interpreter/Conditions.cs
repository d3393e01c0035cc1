using Berth.Cpu.State;

namespace Berth.Cpu.Interpreter;

// [SDM1] appendix B: the sixteen conditions in encoding order come as eight tests and their opposites.
internal unsafe interface ICondition
{
    static abstract bool Test(CpuState* s);
}

internal readonly unsafe struct IfOverflow : ICondition
{
    public static bool Test(CpuState* s) => Flags.Overflow(s);
}

internal readonly unsafe struct IfBelow : ICondition
{
    public static bool Test(CpuState* s) => Flags.Carry(s);
}

internal readonly unsafe struct IfEqual : ICondition
{
    public static bool Test(CpuState* s) => Flags.Zero(s);
}

internal readonly unsafe struct IfBelowOrEqual : ICondition
{
    public static bool Test(CpuState* s) => Flags.Carry(s) || Flags.Zero(s);
}

internal readonly unsafe struct IfSign : ICondition
{
    public static bool Test(CpuState* s) => Flags.Sign(s);
}

internal readonly unsafe struct IfParity : ICondition
{
    public static bool Test(CpuState* s) => Flags.Parity(s);
}

internal readonly unsafe struct IfLess : ICondition
{
    public static bool Test(CpuState* s) => Flags.Sign(s) != Flags.Overflow(s);
}

internal readonly unsafe struct IfLessOrEqual : ICondition
{
    public static bool Test(CpuState* s) => Flags.Zero(s) || Flags.Sign(s) != Flags.Overflow(s);
}

internal readonly unsafe struct Unless<TCondition> : ICondition
    where TCondition : struct, ICondition
{
    public static bool Test(CpuState* s) => !TCondition.Test(s);
}
