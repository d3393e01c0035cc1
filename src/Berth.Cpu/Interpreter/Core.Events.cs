using Berth.Cpu.State;
using Berth.X86;

namespace Berth.Cpu.Interpreter;

/// <summary>Interrupts, traps and sleeping.</summary>
internal sealed unsafe partial class Core
{
    private readonly ManualResetEventSlim _wake = new(false, spinCount: 20);
    private const int DebugShadow = 2;
    private bool _trapBefore;
    private bool _waitForStartup;
    private bool _halted;
    private bool _nmiMasked;
    private byte _startupVector;

    /// <summary>Adds a request and wakes the processor. Any thread.</summary>
    public void Signal(CpuSignal signal, byte startupVector = 0)
    {
        if (signal == CpuSignal.Startup) Volatile.Write(ref _startupVector, startupVector);
        // INIT undoes start-up requests before it, not those that come after it but before this processor has looked.
        if (signal == CpuSignal.Init) Take(CpuSignal.Startup);
        Interlocked.Or(ref S->Pending, (int)signal);
        Volatile.Write(ref S->Poll, 1);
        _wake.Set();
        Direct?.Kick();
    }

    private bool Take(CpuSignal signal) => (Interlocked.And(ref S->Pending, ~(int)signal) & (int)signal) != 0;

    /// <summary>IRET opens the way for the next NMI.</summary>
    public void UnmaskNmi() => _nmiMasked = false;

    /// <summary>Handles what is pending before an instruction. None: go on; Restart: state changed, look again; else stop.</summary>
    private StopReason Events(out bool step)
    {
        step = false;
        CpuState* s = S;
        var pending = (CpuSignal)Volatile.Read(ref s->Pending);
        if ((pending & CpuSignal.Kick) != 0)
        {
            Take(CpuSignal.Kick);
            return StopReason.Continue;
        }
        _halted = false;
        if ((pending & CpuSignal.Init) != 0 && Take(CpuSignal.Init)) Initialize();
        if ((pending & CpuSignal.Startup) != 0 && Take(CpuSignal.Startup) && _waitForStartup) StartUp();
        if (_waitForStartup) return Sleep(out StopReason stop) ? StopReason.Restart : stop;
        bool debugHeld = s->Shadow == DebugShadow;
        if (s->Shadow != 0)
        {
            s->Shadow = 0;
            s->Step &= ~StepFlags.Shadow;
            step = true;
        }
        else
        {
            if ((pending & CpuSignal.Nmi) != 0 && !_nmiMasked && Take(CpuSignal.Nmi))
            {
                _nmiMasked = true;
                return Deliver(ExceptionVector.Nmi, Delivery.External, 0) ? StopReason.Restart : StopReason.Shutdown;
            }
            if ((pending & CpuSignal.Interrupt) != 0 && (s->SystemFlags & RFlags.Interrupt) != 0)
            {
                int vector = AcknowledgeInterrupt();
                if (vector >= 0 && s->Cpl == 3) Direct?.Interrupted();
                if (vector >= 0) return Deliver((byte)vector, Delivery.External, 0) ? StopReason.Restart : StopReason.Shutdown;
            }
        }
        return BeforeInstruction(ref step, debugHeld) ? StopReason.None : s->FaultVector == -2 ? StopReason.Shutdown : StopReason.Restart;
    }

    private bool BeforeInstruction(ref bool step, bool debugHeld)
    {
        CpuState* s = S;
        if (s->Step == 0) return true;
        step = true;
        _trapBefore = (s->SystemFlags & RFlags.Trap) != 0;
        if ((s->Step & StepFlags.Breakpoint) != 0 && (s->SystemFlags & RFlags.Resume) == 0 && !debugHeld)
        {
            ulong linear = s->CodeSize == 2 ? s->Rip : (uint)(s->Cs.Base + s->Rip);
            ulong hits = Breakpoints.Code(linear);
            if (hits != 0)
            {
                s->Debug[6] |= hits;
                if (!Deliver(ExceptionVector.Debug, Delivery.Fault, 0)) s->FaultVector = -2;
                return false;
            }
        }
        return true;
    }

    /// <summary>Single-step and data breakpoints after a completed instruction; false = triple fault.</summary>
    private bool AfterInstruction()
    {
        CpuState* s = S;
        if ((s->Step & StepFlags.Resume) != 0 && !_resumeFresh)
        {
            s->SystemFlags &= ~RFlags.Resume;
            s->Step &= ~StepFlags.Resume;
        }
        _resumeFresh = false;
        bool trap = _trapBefore;
        _trapBefore = false;
        // Data breakpoints wait for the next instruction, the single-step trap is lost.
        if (s->Shadow == DebugShadow) return true;
        ulong hits = s->DebugHits;
        s->DebugHits = 0;
        if (!trap && hits == 0) return true;
        s->Debug[6] |= hits | (trap ? 1UL << 14 : 0);
        return Deliver(ExceptionVector.Debug, Delivery.Trap, 0);
    }

    private bool _resumeFresh;

    /// <summary>Follows changes of RFLAGS: TF, RF and the access mode.</summary>
    public void SystemFlagsChanged()
    {
        CpuState* s = S;
        s->Step = (s->Step & ~(StepFlags.Trap | StepFlags.Resume)) | ((s->SystemFlags & RFlags.Trap) != 0 ? StepFlags.Trap : 0)
            | ((s->SystemFlags & RFlags.Resume) != 0 ? StepFlags.Resume : 0);
        _resumeFresh = (s->SystemFlags & RFlags.Resume) != 0;
        Mmu.SelectMode();
    }

    /// <summary>Asks the APIC and the 8259 pair; clears the request once neither has anything.</summary>
    private int AcknowledgeInterrupt()
    {
        Take(CpuSignal.Interrupt);
        int vector = -1;
        if (Index == 0 && Config.ExternalInterrupts is { IsPending: true } pic && Apic?.AcceptsExternalInterrupts != false) vector = pic.Acknowledge();
        if (vector < 0) vector = Apic?.Acknowledge() ?? -1;
        // There may be more: look again before the next block.
        if (vector >= 0) Interlocked.Or(ref S->Pending, (int)CpuSignal.Interrupt);
        return vector;
    }

    private bool HasWork()
    {
        var pending = (CpuSignal)Volatile.Read(ref S->Pending);
        if ((pending & (CpuSignal.Kick | CpuSignal.Init)) != 0) return true;
        if (_waitForStartup) return (pending & CpuSignal.Startup) != 0;
        if ((pending & CpuSignal.Nmi) != 0 && !_nmiMasked) return true;
        if ((pending & CpuSignal.Interrupt) == 0 || (S->SystemFlags & RFlags.Interrupt) == 0) return false;
        if (IsInterrupted) return true;
        Take(CpuSignal.Interrupt);
        // What came between the questions and the taking would be forgotten: it is asked for again, and stays announced.
        if (!IsInterrupted) return false;
        Interlocked.Or(ref S->Pending, (int)CpuSignal.Interrupt);
        return true;
    }

    private bool IsInterrupted =>
        Apic?.PendingVector >= 0 || (Index == 0 && Config.ExternalInterrupts is { IsPending: true } && Apic?.AcceptsExternalInterrupts != false);

    /// <summary>Waits until an event ends HLT or the wait for SIPI; false if nothing ever can.</summary>
    private bool Sleep(out StopReason stop)
    {
        stop = StopReason.Halt;
        _halted = !_waitForStartup;
        while (true)
        {
            _wake.Reset();
            if (HasWork()) return true;
            bool hopeless = !_waitForStartup && (S->SystemFlags & RFlags.Interrupt) == 0 && Config.CpuCount == 1;
            if (hopeless) return false;
            Monitor?.Waiting();
            _wake.Wait();
        }
    }
}
