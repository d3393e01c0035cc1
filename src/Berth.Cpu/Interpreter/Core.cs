using System.Runtime.CompilerServices;
using Berth.Cpu.Direct;
using Berth.Cpu.Host;
using Berth.Cpu.Memory;
using Berth.Cpu.State;
using Berth.Cpu.Translator;
using Berth.Linux.Tracing;
using Berth.Machine;
using Berth.X86;

namespace Berth.Cpu.Interpreter;

/// <summary>One vCPU's interpreter: state, memory, decoded code, and the loop that runs it.</summary>
internal sealed unsafe partial class Core : IDisposable
{
    // Never used up.
    private const long Unlimited = 1L << 55;

    private bool _disposed;
    private long _granted = Unlimited;

    public Core(VirtualMachineConfig config, int index, ICpuSignals signals, StubCache stubs, bool translate, IReadOnlyList<StubProcess>? processes = null)
    {
        Config = config;
        Index = index;
        S = CpuMemory.Allocate();
        S->FaultVector = -1;
        S->HostMxcsr = 0x1F80;
        S->Countdown = Unlimited;
        Breakpoints = new Breakpoints(S);
        Segmentation = new Segmentation(this, S);
        Mmu = new Mmu(this, S, config.Memory, config.Mmio);
        Stubs = stubs;
        Blocks = new BlockCache(this, S, config.Memory);
        Apic = config.LocalApics?.Invoke(index, signals);
        Control = new ControlRegisters(this, S);
        Msrs = new Msrs(this, S);
        Reset();
        if (translate && BinaryTranslator.IsSupported) Translator = new BinaryTranslator(this, S, config.Memory, config.CountInstructions);
        if (Translator is not null && processes is { Count: > 0 }) Direct = new DirectExecution(this, S, config.Memory, processes);
    }

    /// <summary>Runs hot 64-bit code; null where everything is interpreted.</summary>
    public BinaryTranslator? Translator { get; }

    /// <summary>Runs user code on the host's processor itself; null where there is no process for it.</summary>
    public DirectExecution? Direct { get; }

    /// <summary>Told what happens, where two cores are compared; null in a machine that merely runs.</summary>
    public ICoreMonitor? Monitor { get; set; }

    public VirtualMachineConfig Config { get; }

    public int Index { get; }

    /// <summary>The machine has no other processor: nobody begins to watch a page between a store's TLB check and the store, so watched pages simply
    /// have no TLB entry for writing, and generated code need not look after its stores.</summary>
    public bool IsOnly => Config.CpuCount == 1;

    /// <summary>The state block, at one place for the core's whole life.</summary>
    public CpuState* S { get; }

    public Mmu Mmu { get; }

    public Breakpoints Breakpoints { get; }

    public Segmentation Segmentation { get; }

    public BlockCache Blocks { get; }

    public StubCache Stubs { get; }

    public ControlRegisters Control { get; }

    public Msrs Msrs { get; }

    public ILocalApic? Apic { get; }

    public MmioBus Mmio => Config.Mmio;

    public PortBus Ports => Config.Ports;

    /// <summary>Instructions that generated code ran, where it was asked to count them: whole blocks, also those it left half-way.</summary>
    public ulong Translated => (ulong)(_granted - S->Countdown);

    /// <summary>Has generated code that counts come back to the dispatcher, and <see cref="Monitor"/> be told, after about so many instructions.</summary>
    public void Allow(long instructions)
    {
        _granted += instructions - S->Countdown;
        S->Countdown = instructions;
    }

    /// <summary>Records a fault; always false, so that handlers can return it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool Raise(byte vector, uint error = 0)
    {
        S->FaultVector = vector;
        S->FaultError = error;
        S->FaultHasError = vector is ExceptionVector.DoubleFault or >= ExceptionVector.InvalidTss and <= ExceptionVector.PageFault
            or ExceptionVector.AlignmentCheck ? 1 : 0;
        return false;
    }

    /// <summary>No interrupts, and behind a load of SS no debug exceptions, until the instruction after this one has run. Spec: [SDM3] 6.8.3.</summary>
    public void HoldInterrupts(bool debugToo = false)
    {
        S->Shadow = debugToo ? DebugShadow : 1;
        S->Step |= StepFlags.Shadow;
    }

    /// <summary>Ends the block after an instruction that changed what later ones depend on; RIP moves on. Always false.</summary>
    public static bool Leave(CpuState* s, Op* o)
    {
        s->Rip = NextRip(s, o);
        s->Stop = StopReason.Continue;
        return false;
    }

    /// <summary>Offset of the following instruction.</summary>
    public static ulong NextRip(CpuState* s, Op* o)
    {
        ulong rip = s->Registers[CpuState.BlockRip] + o->Next;
        return s->CodeSize == 2 ? rip : (uint)rip;
    }

    /// <summary>Runs until something stops the processor; with <paramref name="limit"/>, at most that many events and blocks of one instruction, or
    /// <paramref name="whole"/> ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public StopReason Run(long limit = long.MaxValue, bool whole = false)
    {
        CpuState* s = S;
        bool single = limit != long.MaxValue;
        BinaryTranslator? translator = single && Translator is { Links: true } ? null : Translator;
        // The wait for SIPI is an event too: without this nothing would be pending and the processor would run from its reset vector.
        if (_waitForStartup) Interlocked.Or(ref s->Pending, (int)CpuSignal.Interrupt);
        // A kick does not end HLT.
        if (_halted && !Sleep(out StopReason halt)) return halt;
        while (limit-- > 0)
        {
            bool step = single && translator is null && !whole;
            if (s->Poll != 0)
            {
                // Whoever sets it has said before what is to be looked at.
                s->Poll = 0;
                Interlocked.MemoryBarrier();
                Monitor?.Polled();
            }
            if ((s->Pending | s->Step) != 0)
            {
                StopReason stop = Events(out bool stepping);
                if (stop == StopReason.Restart) continue;
                if (stop != StopReason.None) return stop;
                step |= stepping;
            }
            if (Direct is { IsWanted: true } direct && !single && direct.Run())
            {
                if (s->DebugHits != 0 && !AfterInstruction()) return StopReason.Shutdown;
                continue;
            }
            if (translator is not null && !step)
            {
                Outcome outcome = translator.Run();
                if (outcome == Outcome.Again) continue;
                if (outcome is Outcome.Completed or Outcome.Fault)
                {
                    if (outcome == Outcome.Fault ? !DeliverFault() : (s->Step | (int)s->DebugHits) != 0 && !AfterInstruction()) return StopReason.Shutdown;
                    continue;
                }
                step = outcome == Outcome.Interpret;
            }
            Block* block = Blocks.Find();
            if (block == null)
            {
                if (!DeliverFault()) return StopReason.Shutdown;
                continue;
            }
            if (translator is not null && !step && block->Heat != Block.Untranslatable && block->Heat++ >= translator.Threshold)
            {
                if (translator.Translate(out bool ever)) continue;
                block->Heat = ever ? 0 : Block.Untranslatable;
            }
            s->Registers[CpuState.BlockRip] = s->Rip;
            Op* op = block->Ops;
            Op* end = op + block->Count;
            s->BlockEnd = step ? op + 1 : end;
            bool ok;
            do
            {
                ok = op->Run(this, s, op);
                if (!ok) break;
                op++;
            }
            while (op < s->BlockEnd);
            s->Instructions += (ulong)(op - block->Ops);
            if (ok)
            {
                if (op != end || !block->Branches) s->Rip = NextRip(s, op - 1);
            }
            else
            {
                if (s->FaultVector >= 0)
                {
                    s->Rip = s->Registers[CpuState.BlockRip] + op->Offset;
                    if (!DeliverFault()) return StopReason.Shutdown;
                    continue;
                }
                s->Instructions++;
                StopReason stop = s->Stop;
                s->Stop = StopReason.None;
                if (stop == StopReason.Restart) s->Rip = s->Registers[CpuState.BlockRip] + op->Offset;
                else if (stop != StopReason.Continue)
                {
                    if (stop == StopReason.Halt && _trapBefore)
                    {
                        if (!AfterInstruction()) return StopReason.Shutdown;
                        continue;
                    }
                    if (stop == StopReason.Halt && Sleep(out stop)) continue;
                    return stop;
                }
            }
            if ((s->Step | (int)s->DebugHits) != 0 && !AfterInstruction()) return StopReason.Shutdown;
        }
        return StopReason.None;
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        Direct?.Dispose();
        Translator?.Dispose();
        Mmu.Dispose();
        Blocks.Dispose();
        _wake.Dispose();
        CpuMemory.Free(S);
    }
}
