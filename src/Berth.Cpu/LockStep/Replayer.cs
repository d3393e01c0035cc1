using Berth.Machine;

namespace Berth.Cpu.LockStep;

/// <summary>The follower's side: answers what the leader was answered, and finds out when something else is asked.</summary>
internal sealed class Replayer(VirtualMachineConfig real, Queue<LockStepEvent> log, Func<string, LockStepException> differs) : Tap
{
    public bool Replays { get; set; }

    /// <summary>The interrupt that the follower must take now, or -1.</summary>
    public int Vector { get; set; } = -1;

    public override int PendingVector => Vector;

    public override bool AcceptsExternalInterrupts => false;

    public override ulong TscFrequency => real.Clock.TscFrequency;

    public override ulong BootTime => real.Clock.BootTime;

    public override int Acknowledge()
    {
        int vector = Vector;
        Vector = -1;
        return vector;
    }

    protected override ulong Ask(EventKind kind, ulong place, ulong value)
    {
        if (!Replays) return 0;
        if (!log.TryPeek(out LockStepEvent e) || e.Kind != kind || e.Place != place || e.Value != value)
            throw differs($"the interpreter did {kind} {place:x} {value:x}, the translator {(e.Kind, e.Place, e.Value):x}");
        log.Dequeue();
        return e.Answer;
    }
}
