namespace Berth.Cpu.Interpreter;

/// <summary>Reasons to run instructions one at a time.</summary>
internal static class StepFlags
{
    public const int Trap = 1, Breakpoint = 2, Shadow = 4, Resume = 8;
}
