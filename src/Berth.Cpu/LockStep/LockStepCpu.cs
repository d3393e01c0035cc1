using System.Text;
using Berth.Cpu.Interpreter;
using Berth.Cpu.State;
using Berth.Machine;
using Berth.X86;
using Iced.Intel;

namespace Berth.Cpu.LockStep;

/// <summary>A translated processor, the leader, and an interpreted one with memory of its own that is taken over the same way afterwards: it is told the
/// same answers of devices and clock, takes interrupts where its state is what the leader's was when it took them, and must come to the same exceptions.</summary>
/// <remarks>The leader's count of instructions is not exact, so places are found by comparing states. A state that comes twice differs in nothing that
/// matters afterwards; memory is compared besides.</remarks>
public sealed unsafe class LockStepCpu : IVirtualCpu, ICoreMonitor
{
    private const long Slice = 50_000;
    private const int Remembered = 64, Shown = 8;

    private readonly Queue<LockStepEvent> _log = new();

    // RIPs of those events in the log that have a state.
    private readonly Queue<ulong> _places = new();
    private readonly VirtualMachineConfig _config;
    private readonly LockStepClock _clock;
    private readonly Func<ulong?> _runDueTimers;
    private readonly ulong _compareMemoryEvery;
    private readonly Recorder _recorder;
    private readonly Replayer _replayer;
    private readonly IVirtualMachine _leading, _following;
    private readonly SoftwareCpu _leader, _follower;
    private readonly GuestMemory _copy;
    private readonly DeadFlags _dead;
    private readonly HashSet<long> _written = [];
    private readonly Random _random = new(1);
    private readonly (ulong Rip, int Length)[] _trail = new (ulong, int)[Remembered];
    private ulong _steps, _since, _leaderThen, _memoryNext;
    private int _nearest = int.MaxValue;
    private string _near = "";
    private bool _started;

    internal LockStepCpu(VirtualMachineConfig config, LockStepClock clock, Func<ulong?> runDueTimers, ulong compareMemoryEvery)
    {
        (_config, _clock, _runDueTimers, _compareMemoryEvery) = (config, clock, runDueTimers, compareMemoryEvery);
        _copy = new GuestMemory(config.Memory.Size);
        _recorder = new Recorder(config, _log);
        _replayer = new Replayer(config, _log, Differs);
        _leading = new SoftwareHypervisor(translate: true).CreateMachine(Behind(_recorder, config.Memory) with
        {
            CountInstructions = true,
            ExternalInterrupts = config.ExternalInterrupts,
            LocalApics = config.LocalApics is { } make ? (index, signals) => WithApic(make(index, signals)) : null,
        });
        _leader = (SoftwareCpu)_leading.CreateCpu();
        _following = new SoftwareHypervisor(translate: false).CreateMachine(Behind(_replayer, _copy) with { LocalApics = (_, _) => _replayer });
        _follower = (SoftwareCpu)_following.CreateCpu();
        _recorder.Core = _leader.Core;
        _dead = new DeadFlags(_follower.Core);
        clock.Instructions = () => _recorder.Instructions;
        _leader.Core.Monitor = this;
        _follower.Core.Monitor = new FollowerMonitor(this);
    }

    /// <inheritdoc/>
    public int Index => 0;

    /// <summary>Instructions that both have executed.</summary>
    public ulong Instructions => _follower.Instructions;

    /// <summary>Instructions after which <see cref="Run"/> returns as if kicked.</summary>
    public ulong Limit { get; set; } = ulong.MaxValue;

    /// <summary>Blocks translated so far.</summary>
    public long Translations => _leader.Translations;

    /// <summary>Places so far at which the states were compared.</summary>
    public long Comparisons { get; private set; }

    private Recorder WithApic(ILocalApic apic)
    {
        _recorder.Apic = apic;
        return _recorder;
    }

    private static VirtualMachineConfig Behind(Tap tap, GuestMemory memory)
    {
        PortBus ports = new();
        MmioBus mmio = new();
        ports.Add(new(0, 0x10000), tap);
        mmio.Add(0, ulong.MaxValue, tap);
        return new() { Memory = memory, Ports = ports, Mmio = mmio, Clock = tap };
    }

    /// <inheritdoc/>
    /// <exception cref="LockStepException">The processors differ.</exception>
    public CpuExit Run()
    {
        if (!_started) Start();
        CpuExit exit = _leader.Run();
        CatchUp();
        return exit;
    }

    private void Start()
    {
        _started = true;
        foreach (MemoryRegion region in _config.Memory.Regions)
        {
            const int Step = 1 << 20;
            for (ulong at = 0; at < region.Length; at += Step)
            {
                Span<byte> from = _config.Memory.Span(region.GuestAddress + at, (int)Math.Min(Step, region.Length - at));
                if (from.IndexOfAnyExcept((byte)0) >= 0) from.CopyTo(_copy.Span(region.GuestAddress + at, from.Length));
            }
        }
        (_recorder.Records, _replayer.Replays) = (true, true);
        _leader.Core.Allow(Slice);
    }

    void ICoreMonitor.Polled()
    {
        // A repeated instruction may be half-way, where the follower never stops.
        if (!_recorder.Records || IsRepeating()) return;
        Mark(EventKind.Compare);
        CatchUp();
        _runDueTimers();
        if (Instructions >= Limit) Kick();
        if (_leader.Core.S->Countdown < 0) _leader.Core.Allow(Slice);
    }

    void ICoreMonitor.Waiting()
    {
        while (_recorder.PendingVector < 0 && _config.ExternalInterrupts is not { IsPending: true })
        {
            if (_runDueTimers() is not { } next) throw new LockStepException("The guest sleeps and no timer will wake it.");
            _clock.SkipTo(next);
        }
        _leader.RaiseInterrupt();
    }

    void ICoreMonitor.Delivering(byte vector, Delivery kind, uint error)
    {
        if (kind == Delivery.External)
        {
            // Brings the follower here, where memory still is what it must see.
            Mark(EventKind.Compare);
            CatchUp();
        }
        Mark(EventKind.Delivery, Event(vector, kind, error));
    }

    void ICoreMonitor.Writable(long page) => _written.Add(page);

    ulong ICoreMonitor.Random(ulong drawn)
    {
        // Not the one drawn: every run shall be the same.
        drawn = (ulong)_random.NextInt64();
        _log.Enqueue(new(EventKind.Random, 0, 0, drawn, null, _recorder.Instructions));
        return drawn;
    }

    private static ulong Event(byte vector, Delivery kind, uint error) => vector | ((ulong)kind << 8) | ((ulong)error << 32);

    private void Mark(EventKind kind, ulong place = 0)
    {
        _log.Enqueue(new(kind, place, 0, 0, CoreSnapshot.Take(_leader.Core.S), _recorder.Instructions));
        _places.Enqueue(_leader.Core.S->Rip);
    }

    private bool IsRepeating()
    {
        Core core = _leader.Core;
        byte* code = core.Mmu.PeekCode(core.S->Rip);
        // SAFETY: PeekCode vouches for the byte.
        return code == null || *code is 0xF2 or 0xF3;
    }

    private void CatchUp()
    {
        while (_log.TryPeek(out LockStepEvent e))
        {
            if (e.State is { } state && IsAt(e, state))
            {
                if (e.Kind == EventKind.Compare)
                {
                    Compared(e);
                    continue;
                }
                Arm(e);
            }
            Step(e);
        }
    }

    private void Compared(in LockStepEvent e)
    {
        if (e.Instructions >= _memoryNext)
        {
            if (MemoryComparison.Differences(_config.Memory, _copy) is { } differences) throw Differs($"memory differs:\n{differences}");
            _memoryNext = e.Instructions + _compareMemoryEvery;
        }
        Flags.SetStatus(_follower.Core.S, CoreSnapshot.Status(e.State!));
        Passed();
        _written.Clear();
        _leader.Core.Mmu.ForgetWritable();
        _follower.Core.Mmu.ForgetWritable();
    }

    // An interrupt, or a place to compare; exceptions announce themselves.
    private bool IsAt(in LockStepEvent e, byte[] state)
    {
        CpuState* s = _follower.Core.S;
        if (CoreSnapshot.Rip(state) != s->Rip || (e.Kind != EventKind.Compare && (Delivery)(e.Place >> 8 & 0xFF) != Delivery.External)) return false;
        int distance = CoreSnapshot.Distance(state, s);
        if (distance == 0 && FlagsAgree(state) && (e.Kind != EventKind.Compare || MemoryAgrees())) return true;
        if (distance < _nearest) (_nearest, _near) = (distance, $"{CoreSnapshot.Differences(state, s)}{(DifferentPage() is >= 0 and long page ? MemoryComparison.Differences(_config.Memory, _copy, page) : "")}  before:\n{Listing(Ahead(s->Rip))}");
        return false;
    }

    // The pages that either may have written since the last comparison: the same registers can come again with other memory.
    private bool MemoryAgrees() => DifferentPage() < 0;

    private long DifferentPage()
    {
        foreach (long page in _written)
        {
            if (!MemoryComparison.IsSame(_config.Memory, _copy, page)) return page;
        }
        return -1;
    }

    private bool FlagsAgree(byte[] state)
    {
        ulong differ = CoreSnapshot.Status(state) ^ Flags.Status(_follower.Core.S);
        if (differ != 0) differ &= ~Undefined(differ);
        return differ == 0 || _dead.AreDead(differ);
    }

    /// <summary>Those of the flags that the instruction which last changed them leaves undefined.</summary>
    private ulong Undefined(ulong flags)
    {
        ulong undefined = 0;
        foreach (Instruction i in Trail(Remembered).Reverse())
        {
            undefined |= flags & DeadFlags.At(i.RflagsUndefined);
            flags &= ~DeadFlags.At(i.RflagsModified);
            if (flags == 0) break;
        }
        return undefined;
    }

    private void Arm(in LockStepEvent e)
    {
        _replayer.Vector = (byte)e.Place;
        _follower.RaiseInterrupt();
    }

    private void Passed()
    {
        LockStepEvent e = _log.Dequeue();
        _places.Dequeue();
        (_since, _leaderThen) = (_follower.Instructions, e.Instructions);
        (_nearest, _near) = (int.MaxValue, "");
        Comparisons++;
    }

    private void Step(in LockStepEvent e)
    {
        Core core = _follower.Core;
        ulong done = _follower.Instructions;
        // A block of generated code that was left half-way has been counted whole: the bound is generous.
        if (done - _since > ((e.Instructions - _leaderThen) * 2) + 10_000)
            throw Differs($"the interpreter never comes to the translator's state at {e.Kind} {e.Place:x}, RIP {(e.State is { } state ? CoreSnapshot.Rip(state) : 0):x}");
        int length = Whole();
        _trail[_steps++ % Remembered] = (core.S->Rip, Math.Max(length, 1));
        StopReason stop = core.Run(1, whole: length > 0);
        if (stop is StopReason.Halt or StopReason.Shutdown && _log.Count > 0) throw Differs($"the interpreter stops: {stop}");
    }

    /// <summary>Length of the block at RIP if it can be run as a whole: the place that is waited for does not lie inside it. Else 0.</summary>
    private int Whole()
    {
        Core core = _follower.Core;
        Block* block = core.Blocks.Find();
        if (block == null)
        {
            core.S->FaultVector = -1;
            return 0;
        }
        return _places.TryPeek(out ulong place) && place - core.S->Rip - 1 < (ulong)block->Length - 1 ? 0 : block->Length;
    }

    private LockStepException Differs(string what)
    {
        Core core = _follower.Core;
        var text = new StringBuilder($"After {_follower.Instructions} instructions, RIP {core.S->Rip:x}: {what}\n{(_near.Length > 0 ? $"Of what was expected differed, at the nearest:\n{_near}" : "")}The last steps:\n");
        text.Append(Listing(Trail(Shown)));
        if (_places.TryPeek(out ulong place)) text.Append($"The next place to compare, {_follower.Instructions - _since} instructions after the last:\n{Listing(Ahead(place))}");
        return new LockStepException(text.ToString());
    }

    /// <summary>What the follower ran last, oldest first.</summary>
    private IEnumerable<Instruction> Trail(ulong steps)
    {
        for (ulong n = _steps > steps ? _steps - steps : 0; n < _steps; n++)
        {
            (ulong rip, int length) = _trail[n % Remembered];
            for (ulong end = rip + (ulong)length; rip < end;)
            {
                Instruction i = Decode(_follower.Core, rip);
                yield return i;
                rip += (ulong)Math.Max(i.Length, 1);
            }
        }
    }

    private IEnumerable<Instruction> Ahead(ulong rip)
    {
        for (int n = 0; n < Shown; n++)
        {
            Instruction i = Decode(_follower.Core, rip);
            yield return i;
            rip = i.NextIP;
        }
    }

    private static string Listing(IEnumerable<Instruction> instructions)
    {
        var formatter = new NasmFormatter();
        var output = new StringOutput();
        var text = new StringBuilder();
        foreach (Instruction i in instructions)
        {
            formatter.Format(i, output);
            text.Append($"  {i.IP:x} {output.ToStringAndReset()}\n");
        }
        return text.ToString();
    }

    private static Instruction Decode(Core core, ulong rip)
    {
        var bytes = new byte[15];
        byte* code = core.Mmu.PeekCode(rip);
        // SAFETY: no further than the page.
        if (code != null) new ReadOnlySpan<byte>(code, Math.Min(15, 0x1000 - (int)((nint)code & 0xFFF))).CopyTo(bytes);
        return Iced.Intel.Decoder.Create(core.S->CodeSize switch { 2 => 64, 1 => 32, _ => 16 }, bytes, rip).Decode();
    }

    /// <summary>The follower meets what the log says it must.</summary>
    private sealed class FollowerMonitor(LockStepCpu owner) : ICoreMonitor
    {
        public void Polled()
        {
        }

        public void Waiting()
        {
            if (!owner._log.TryPeek(out LockStepEvent e) || e.Kind != EventKind.Compare || !owner.IsAt(e, e.State!))
                throw owner.Differs($"the interpreter halts, the translator goes on to {(e.Kind, e.Place):x}");
            // Which one it is comes next in the log.
            owner._replayer.Vector = 0xFF;
            owner._follower.RaiseInterrupt();
        }

        public void Writable(long page) => owner._written.Add(page);

        public void Delivering(byte vector, Delivery kind, uint error)
        {
            Core core = owner._follower.Core;
            if (!owner._log.TryPeek(out LockStepEvent e) || e.Kind != EventKind.Delivery || e.Place != Event(vector, kind, error))
                throw owner.Differs($"the interpreter delivers {kind} {vector} {error:x}, the translator {(e.Kind, e.Place):x}");
            byte[] state = e.State!;
            if (CoreSnapshot.Distance(state, core.S) != 0 || !owner.FlagsAgree(state))
                throw owner.Differs($"states differ at {kind} {vector}:\n{CoreSnapshot.Differences(state, core.S)}");
            // Dead flags may be stale in the frame, and undefined ones be anything.
            Flags.SetStatus(core.S, CoreSnapshot.Status(state));
            owner.Passed();
        }

        public ulong Random(ulong drawn)
        {
            if (!owner._log.TryPeek(out LockStepEvent e) || e.Kind != EventKind.Random) throw owner.Differs("the interpreter draws a random number");
            owner._log.Dequeue();
            return e.Answer;
        }
    }

    internal void ExternalInterruptChanged() => _leading.ExternalInterruptChanged();

    /// <inheritdoc/>
    public void Kick() => _leader.Kick();

    /// <inheritdoc/>
    public CpuRegisters GetRegisters() => _leader.GetRegisters();

    /// <inheritdoc/>
    public void SetRegisters(CpuRegisters registers)
    {
        _leader.SetRegisters(registers);
        _follower.SetRegisters(registers);
    }

    /// <inheritdoc/>
    public void GetExtendedState(Span<byte> xsave) => _leader.GetExtendedState(xsave);

    /// <inheritdoc/>
    public void SetExtendedState(ReadOnlySpan<byte> xsave)
    {
        _leader.SetExtendedState(xsave);
        _follower.SetExtendedState(xsave);
    }

    /// <inheritdoc/>
    public bool TryReadMsr(uint index, out ulong value) => _leader.TryReadMsr(index, out value);

    /// <inheritdoc/>
    public bool TryWriteMsr(uint index, ulong value) => _leader.TryWriteMsr(index, value) & _follower.TryWriteMsr(index, value);

    /// <inheritdoc/>
    public CpuSnapshot Save() => throw new InvalidOperationException("Processors in lock-step are compared, not saved.");

    /// <inheritdoc/>
    public void Load(CpuSnapshot snapshot) => throw new InvalidOperationException("Processors in lock-step start from reset.");

    /// <inheritdoc/>
    public void Dispose()
    {
        _leading.Dispose();
        _following.Dispose();
        _copy.Dispose();
    }
}
