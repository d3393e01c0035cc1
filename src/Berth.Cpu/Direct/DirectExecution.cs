using System.Diagnostics;
using Berth.Cpu.Direct.Relocation;
using Berth.Cpu.Interpreter;
using Berth.Cpu.Memory;
using Berth.Cpu.State;
using Berth.Linux;
using Berth.Linux.Tracing;
using Berth.Machine;
using Berth.X86;

namespace Berth.Cpu.Direct;

/// <summary>Runs user code of the guest on the host's processor itself, in a process whose memory is the guest's user memory: the host's MMU makes the
/// checks. Whatever is not plain user code stops it before it has happened, and the interpreter goes on from that instruction. See
/// docs/decisions/0020-direct-execution.md.</summary>
internal sealed unsafe class DirectExecution : IDisposable
{
    /// <summary>Pages that are entered together where one of them is touched.</summary>
    private const int Cluster = 32;

    private readonly Core _core;
    private readonly CpuState* _s;
    private readonly GuestMemory _memory;
    private readonly UserMirrors _mirrors;
    private readonly DirectPolicy _policy = new();
    private readonly UserRegisters _registers;
    private readonly CodeVerdicts _verdicts;
    private bool _isUsable = true;

    // Those of the address space that is run, or was last.
    private UserMirror _mirror;

    // What runs in place of the guest's own code, if anything does.
    private RelocatedCode? _code;

    // Whether the last page of code was one that could not be run, again.
    private bool _isRefused;

    // The process while it is let run, and how often one was.
    private volatile StubProcess? _inside;
    private long _turns;
    private int _thread;

    public DirectExecution(Core core, CpuState* s, GuestMemory memory, IReadOnlyList<StubProcess> processes)
    {
        _core = core;
        _s = s;
        _memory = memory;
        _registers = new UserRegisters(core, s);
        _verdicts = new CodeVerdicts(core.Mmu, memory);
        _mirrors = new UserMirrors(core.Mmu, memory, processes);
        _mirror = _mirrors.Of(Pcid);
        memory.PageWatched += PageWatched;
        memory.WatchedPageWritten += PageChanged;
        memory.PageUnwatched += PageChanged;
    }

    /// <summary>Whether all user code is run directly that can be, not only where it pays.</summary>
    public bool IsAlways { get; set; }

    /// <summary>Whether code is relocated from the beginning, not only where it cannot run in its place.</summary>
    public bool RelocatesAlways { get; set; }

    /// <summary>Whether the next user code is to be run directly.</summary>
    public bool IsWanted { get; private set; }

    /// <summary>Times that user code was entered, and time spent there in ticks of the stopwatch: for statistics.</summary>
    public long Entries { get; private set; }

    public long Ticks { get; private set; }

    /// <summary>No translation is valid any more, of any address space.</summary>
    public void Flush() => _mirrors.Drop();

    /// <summary>The translations of one page are no longer valid, of any address space.</summary>
    public void FlushPage(ulong linear) => _mirrors.Drop(linear);

    /// <summary>CR3 was written: what is known of that address space stays valid if the guest asked to keep it.</summary>
    public void AddressSpaceChanged(bool keep)
    {
        if (!keep) _mirrors.DropSpace(Pcid);
    }

    /// <summary>The kernel has returned to user code.</summary>
    public void EnteredUser()
    {
        _policy.Entered();
        IsWanted = (_policy.IsHot || IsAlways) && _isUsable;
    }

    /// <summary>An external interrupt is about to be delivered while user code runs.</summary>
    public void Interrupted() => _policy.Interrupted();

    /// <summary>Makes <see cref="Run"/> return; whoever calls has said in the state why. Any thread.</summary>
    public void Kick() => _inside?.Kick();

    /// <summary>Runs user code until something else is to be done; false, with nothing changed, where it cannot be run directly.</summary>
    public bool Run()
    {
        IsWanted = false;
        if (!IsAllowed) return false;
        _mirror = _mirrors.Of(Pcid);
        if (!IsPlaceFree || (_s->SystemFlags & UserRegisters.Sticky) != _mirror.StickyFlags) return false;
        // Tracing may be forbidden on this host: the translator does it all.
        if (!_mirror.Attach()) return Refuse();
        long begun = Stopwatch.GetTimestamp();
        _thread = Environment.CurrentManagedThreadId;
        _mirror.Pages.Settle();
        ulong rip = _s->Rip;
        _code = RelocatesAlways ? _mirror.Relocate() : _mirror.Relocated;
        if (_code is not null)
        {
            rip = _code.Find(rip);
            if (rip == 0) return false;
            // Its pages are watched now.
            _mirror.Pages.Settle();
            if (_mirror.Pages.IsCodeStale) return false;
        }
        if (!_mirror.Flush()) return Refuse();
        _registers.Load(Process, rip);
        TraceStop stop = new(StubProcess.KickSignal, false);
        long inside = 0;
        int runs = 0;
        long from;
        while (TryRun(ref stop, out from))
        {
            inside += Stopwatch.GetTimestamp() - from;
            runs++;
            if (!GoesOn(stop)) break;
        }
        if (runs > 0) Save(stop);
        long ticks = Stopwatch.GetTimestamp() - begun;
        bool byItself = stop.Signal != StubProcess.KickSignal;
        _policy.Stayed(ticks, inside, runs);
        Entries++;
        Ticks += ticks;
        // A kick that brings nothing to deliver leaves user code where it is.
        IsWanted = !byItself && (_policy.IsHot || IsAlways);
        return true;
    }

    /// <summary>Whether what has stopped the process is done with, so that it can go on.</summary>
    private bool GoesOn(TraceStop stop)
    {
        bool done = stop.Signal switch
        {
            Libc.SIGSEGV => Resolve(),
            Libc.SIGILL when _code is not null => RelocatedRun.Follow(_code, Process) && Apply(Process.Registers),
            _ => false,
        };
        return done && !(_code is not null && _mirror.Pages.IsCodeStale);
    }

    private void Save(TraceStop stop)
    {
        if (_code is not null) RelocatedRun.Leave(_code, Process);
        _registers.Save(_mirror, stop, _code is not null);
    }

    /// <summary>Lets the process run until something stops it; false if there is something to be done before.</summary>
    private bool TryRun(ref TraceStop stop, out long from)
    {
        from = Stopwatch.GetTimestamp();
        try
        {
            _inside = Process;
            // Whoever sets the poll word looks at it afterwards.
            Interlocked.MemoryBarrier();
            if (Volatile.Read(ref _s->Poll) != 0) return false;
            stop = Process.Run();
            return true;
        }
        finally
        {
            _inside = null;
            Volatile.Write(ref _turns, _turns + 1);
        }
    }

    /// <summary>Returns once no user code runs here that has not been settled since. Any thread.</summary>
    private void Expel()
    {
        Volatile.Write(ref _s->Poll, 1);
        Interlocked.MemoryBarrier();
        if (Environment.CurrentManagedThreadId == Volatile.Read(ref _thread)) return;
        long turn = Volatile.Read(ref _turns);
        Kick();
        SpinWait wait = default;
        while (_inside is not null && Volatile.Read(ref _turns) == turn) wait.SpinOnce();
    }

    private bool IsAllowed
    {
        get
        {
            CpuState* s = _s;
            const ulong cr0 = Cr0.ProtectionEnable | Cr0.Paging | Cr0.WriteProtect | Cr0.NumericError, cr4 = Cr4.Fxsr | Cr4.SimdExceptions | Cr4.Xsave | Cr4.Fsgsbase;
            return _isUsable && s->Cpl == 3 && s->CodeSize == 2 && ((s->Step & ~StepFlags.Resume) | s->Pending) == 0 && (s->Debug[7] & 0xFF) == 0 && s->DebugHits == 0
                && (s->Cr0 & (cr0 | Cr0.TaskSwitched | Cr0.Emulation)) == cr0 && (s->Cr4 & cr4) == cr4 && s->Xcr0 == CpuModel.Xcr0
                && s->Cs.Selector == UserRegisters.Code && s->Ss.Selector == UserRegisters.Stack && (s->Ds.Selector | s->Es.Selector | s->Fs.Selector | s->Gs.Selector) == 0
                && s->Fs.Base < StubProcess.End && s->Gs.Base < StubProcess.End && s->Rip < StubProcess.End
                && (s->SystemFlags & (RFlags.Trap | RFlags.AlignmentCheck | RFlags.Interrupt)) == RFlags.Interrupt;
        }
    }

    private StubProcess Process => _mirror.Process;

    private int Pcid => (_s->Cr4 & Cr4.Pcid) != 0 ? (int)(_s->Cr3 & 0xFFF) : 0;

    /// <summary>Whether the guest has nothing where the process has its own pages.</summary>
    private bool IsPlaceFree => _core.Mmu.IsEmpty(Process.Place, StubProcess.PlaceLength);

    private bool Refuse() => _isUsable = false;

    /// <summary>Maps what the process has touched, where the guest's tables allow it; false where the guest must see a fault, or more than RAM is there.</summary>
    private bool Resolve()
    {
        (ulong address, int code) = Process.Fault();
        if (code is not (Libc.SEGV_MAPERR or Libc.SEGV_ACCERR) || address < 0x10000 || address >= StubProcess.End || address - Process.Place < StubProcess.PlaceLength) return false;
        Process.Read();
        Libc.user_regs_struct saved = Process.Registers;
        ulong page = address & ~0xFFFUL, rip = saved.rip;
        int rights = _mirror.Pages.Rights(page);
        bool runs = page == (rip & ~0xFFFUL) || (address == page && page == ((rip + 14) & ~0xFFFUL));
        bool mapped = runs && (rights < 0 || (rights & Libc.PROT_EXEC) == 0) ? MapCode(page) || Replace(ref saved.rip)
            : rights < 0 ? MapCluster(page)
            : MapWritable(page, rights);
        return mapped && Apply(saved);
    }

    /// <summary>Makes what was asked for, and gives the process its registers again; false, with nothing changed, where the host would not take them
    /// all: user code has loaded a segment.</summary>
    private bool Apply(in Libc.user_regs_struct registers)
    {
        Libc.user_regs_struct saved = registers;
        if (Math.Max(saved.fs_base, saved.gs_base) >= StubProcess.End || (saved.ds | saved.es | saved.fs | saved.gs) != 0) return false;
        bool done = _mirror.Flush();
        if (!done)
        {
            if (_mirror.Breakpoints.IsUsable) throw new LinuxException("mmap", Errno.ENOMEM, "the process of the guest's user code");
            _mirror.Pages.Drop();
        }
        Process.Registers = saved;
        Process.Registers.orig_rax = ulong.MaxValue;
        // Faults set it, and it would let the first instruction pass a breakpoint.
        Process.Registers.eflags &= ~RFlags.Resume;
        Process.Write();
        return done;
    }

    /// <summary>Goes on with relocated code where the guest's own cannot be run, if that is worth it.</summary>
    private bool Replace(ref ulong rip)
    {
        if (!_isRefused) return false;
        RelocatedCode code = _mirror.Relocate();
        ulong place = code.Find(rip);
        if (place == 0) return false;
        (_code, rip) = (code, place);
        _mirror.Pages.Settle();
        return true;
    }

    private bool MapCode(ulong linear)
    {
        _isRefused = false;
        CodeEntry* entry = _core.Mmu.Code(linear);
        if (entry == null)
        {
            _s->FaultVector = -1;
            return false;
        }
        CodeVersions versions = _verdicts.Observe(linear, entry->Host);
        if (_verdicts.Listed(versions) is not { } listed || !_mirror.Breakpoints.Set(linear, listed))
        {
            _isRefused = _verdicts.Refuse(versions.Page);
            return false;
        }
        // That it is watched now may have cost it its writable mapping.
        _mirror.Pages.Settle();
        if (versions.Previous.Host != 0) _mirror.Pages.DependOn(_memory.PageIndex(versions.Previous.Host));
        if (versions.Next.Host != 0) _mirror.Pages.DependOn(_memory.PageIndex(versions.Next.Host));
        _mirror.Pages.Map(linear, entry->Host, Libc.PROT_READ | Libc.PROT_EXEC);
        if (_verdicts.Observe(linear, entry->Host) == versions) return true;
        // Another thread has changed it, perhaps before it could know that this must be told.
        _mirror.Pages.Drop(linear);
        return false;
    }

    private bool MapCluster(ulong linear)
    {
        _mirror.Pages.Settle();
        // Whether it was a load or a store is not known: a store that the page does not allow must not mark it as accessed.
        if (_core.Mmu.Peek(linear, AccessKind.Read, out PageWalker.Translation touched) == 0 || !(touched.Accessed || touched.Writable)) return false;
        if (_core.Mmu.PointerSlow(linear, 1, AccessKind.Read) == null) return false;
        ulong first = linear & ~(ulong)((Cluster * 0x1000) - 1);
        for (ulong at = first; at < first + (Cluster * 0x1000); at += 0x1000)
        {
            if (at < 0x10000 || at - Process.Place < StubProcess.PlaceLength || _mirror.Pages.Rights(at) >= 0) continue;
            nint host = _core.Mmu.Peek(at, AccessKind.Read, out PageWalker.Translation t);
            // Those that the guest has not touched yet stay untouched.
            if (host == 0 || !t.Accessed) continue;
            _mirror.Pages.Map(at, host, Libc.PROT_READ | (t.Writable && t.Dirty ? Libc.PROT_WRITE : 0));
        }
        return true;
    }

    /// <summary>For a page whose rights did not suffice: the access was a store.</summary>
    private bool MapWritable(ulong linear, int rights)
    {
        if ((rights & (Libc.PROT_WRITE | Libc.PROT_EXEC)) != 0) return false;
        byte* host = _core.Mmu.PointerSlow(linear, 1, AccessKind.Write);
        if (host == null) return false;
        _mirror.Pages.Map(linear, (nint)host, Libc.PROT_READ | Libc.PROT_WRITE);
        return (_mirror.Pages.Rights(linear) & Libc.PROT_WRITE) != 0;
    }

    /// <summary>Stores of the guest to a page must be seen from now on, also those that it is about to make here.</summary>
    private void PageWatched(long page)
    {
        if (_mirrors.Watched(page)) Expel();
    }

    /// <summary>Code has changed: what the page was run for must be found out anew before the one who changed it goes on.</summary>
    private void PageChanged(long page)
    {
        if (_mirrors.Changed(page)) Expel();
    }

    public void Dispose()
    {
        _memory.PageWatched -= PageWatched;
        _memory.WatchedPageWritten -= PageChanged;
        _memory.PageUnwatched -= PageChanged;
        _verdicts.Dispose();
        _mirrors.Dispose();
    }
}
