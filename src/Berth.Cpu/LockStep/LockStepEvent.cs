namespace Berth.Cpu.LockStep;

/// <summary>One thing that the leader did. <paramref name="Place"/> and <paramref name="Value"/> must be the follower's too, <paramref name="Answer"/> is what
/// it is told; <paramref name="State"/> is the leader's state at that moment, where it is known; <paramref name="Instructions"/> bounds how many the leader had run.</summary>
internal readonly record struct LockStepEvent(EventKind Kind, ulong Place, ulong Value, ulong Answer, byte[]? State, ulong Instructions);
