namespace Berth.Cpu.LockStep;

/// <summary>The first difference between the two processors.</summary>
public sealed class LockStepException : Exception
{
    /// <summary>What differs, where, and what was executed before.</summary>
    public LockStepException(string message) : base(message)
    {
    }
}
