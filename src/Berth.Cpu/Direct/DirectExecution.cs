using System.Diagnostics;
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

    private const int MaxVerdicts = 1 << 16;

    private const ushort UserCode = 0x33, UserStack = 0x2B;

    // What the child's flags can differ in from those that Write sets.
    private const ulong Sticky = RFlags.Identification | RFlags.NestedTask;
    private const ulong Taken = RFlags.Direction | RFlags.AlignmentCheck | RFlags.Trap | Sticky;

    private readonly Core _core;
    private readonly CpuState* _s;
    private readonly GuestMemory _memory;
    private readonly UserMirrors _mirrors;
    private readonly DirectPolicy _policy = new();
    private readonly Dictionary<long, Verdict> _verdicts = [];
    private readonly CodeScan _scan = new();
    private bool _isUsable = true;

    // Those of the address space that is run, or was last.
    private UserMirror _mirror;

    // The process while it is let run, and how often one was.
    private volatile StubProcess? _inside;
    private long _turns;
    private int _thread;

    public DirectExecution(Core core, CpuState* s, GuestMemory memory, IReadOnlyList<StubProcess> processes)
    {
        _core = core;
        _s = s;
        _memory = memory;
        _mirrors = new UserMirrors(memory, processes);
        _mirror = _mirrors.Of(Pcid);
        memory.PageWatched += PageWatched;
        memory.WatchedPageWritten += PageChanged;
        memory.PageUnwatched += PageChanged;
    }

    /// <summary>Whether all user code is run directly that can be, not only where it pays.</summary>
    public bool IsAlways { get; set; }

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
        if (!IsPlaceFree || (_s->SystemFlags & Sticky) != _mirror.StickyFlags) return false;
        // Tracing may be forbidden on this host: the translator does it all.
        if (!_mirror.Attach()) return Refuse();
        long begun = Stopwatch.GetTimestamp();
        _thread = Environment.CurrentManagedThreadId;
        _mirror.Pages.Settle();
        if (!_mirror.Flush()) return Refuse();
        Load();
        TraceStop stop = new(StubProcess.KickSignal, false);
        long inside = 0;
        int runs = 0;
        long from;
        while (TryRun(ref stop, out from))
        {
            inside += Stopwatch.GetTimestamp() - from;
            runs++;
            if (stop.Signal != StubProcess.KickSignal && (stop.Signal != Libc.SIGSEGV || !Resolve())) break;
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
                && s->Cs.Selector == UserCode && s->Ss.Selector == UserStack && (s->Ds.Selector | s->Es.Selector | s->Fs.Selector | s->Gs.Selector) == 0
                && s->Fs.Base < StubProcess.End && s->Gs.Base < StubProcess.End && s->Rip < StubProcess.End
                && (s->SystemFlags & (RFlags.Trap | RFlags.AlignmentCheck | RFlags.Interrupt)) == RFlags.Interrupt;
        }
    }

    private StubProcess Process => _mirror.Process;

    private int Pcid => (_s->Cr4 & Cr4.Pcid) != 0 ? (int)(_s->Cr3 & 0xFFF) : 0;

    /// <summary>Whether the guest has nothing where the process has its own pages.</summary>
    private bool IsPlaceFree =>
        _core.Mmu.Peek(Process.Place, AccessKind.Read, out _) == 0 && _core.Mmu.Peek(Process.Place + StubProcess.PlaceLength - 1, AccessKind.Read, out _) == 0;

    private bool Refuse() => _isUsable = false;

    private void Load()
    {
        CpuState* s = _s;
        // Without breakpoints RF says nothing.
        s->SystemFlags &= ~RFlags.Resume;
        _core.SystemFlagsChanged();
        ref Libc.user_regs_struct r = ref Process.Registers;
        ulong* g = s->Registers;
        (r.rax, r.rcx, r.rdx, r.rbx, r.rsp, r.rbp, r.rsi, r.rdi) = (g[0], g[1], g[2], g[3], g[4], g[5], g[6], g[7]);
        (r.r8, r.r9, r.r10, r.r11, r.r12, r.r13, r.r14, r.r15) = (g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15]);
        (r.rip, r.eflags, r.orig_rax) = (s->Rip, Flags.All(s), ulong.MaxValue);
        (r.cs, r.ss, r.ds, r.es, r.fs, r.gs) = (UserCode, UserStack, 0, 0, 0, 0);
        (r.fs_base, r.gs_base) = (s->Fs.Base, s->Gs.Base);
        Process.Write();
        Span<byte> area = Process.ExtendedState;
        area.Clear();
        new ReadOnlySpan<byte>(s->Xsave, CpuModel.XsaveSize).CopyTo(area);
        area[512..576].Clear();
        area[512] = (byte)CpuModel.Xcr0;
        Process.WriteExtended();
    }

    private void Save(TraceStop stop)
    {
        CpuState* s = _s;
        Process.Read();
        Libc.user_regs_struct r = Process.Registers;
        ulong* g = s->Registers;
        (g[0], g[1], g[2], g[3], g[4], g[5], g[6], g[7]) = (r.rax, r.rcx, r.rdx, r.rbx, r.rsp, r.rbp, r.rsi, r.rdi);
        (g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15]) = (r.r8, r.r9, r.r10, r.r11, r.r12, r.r13, r.r14, r.r15);
        s->Rip = r.rip;
        Flags.SetStatus(s, r.eflags);
        s->SystemFlags = (s->SystemFlags & ~Taken) | (r.eflags & Taken);
        _mirror.StickyFlags = r.eflags & Sticky;
        _core.SystemFlagsChanged();
        SaveSegments(r);
        Process.ReadExtended();
        uint mask = s->MxcsrMask;
        Span<byte> area = new(s->Xsave, CpuModel.XsaveSize);
        Process.ExtendedState[..CpuModel.XsaveSize].CopyTo(area);
        area[512..576].Clear();
        area[512] = (byte)CpuModel.Xcr0;
        s->MxcsrMask = mask;
        if (stop.IsSystemCall)
        {
            // SYSCALL and INT 80h have two bytes each. What SYSCALL puts into RCX and R11 the guest's own will put there again.
            (s->Rip, g[0]) = (r.rip - 2, r.orig_rax);
        }
        else if (stop.Signal == Libc.SIGTRAP && Process.Fault().Code != Libc.TRAP_HWBKPT) Trapped();
        else if (stop.Signal == Libc.SIGSYS)
        {
            // The host's kernel stands for code of its own at addresses of the kernel's; it has returned from there already.
            (s->Rip, g[4]) = (Process.Fault().Address, r.rsp - 8);
        }
    }

    private void SaveSegments(in Libc.user_regs_struct r)
    {
        // The guest's tables have the same entries as the host's wherever such a load has succeeded.
        if ((ushort)r.cs != UserCode && _core.Segmentation.ReadDescriptor((ushort)r.cs, 0, ExceptionVector.GeneralProtection, out SegmentDescriptor code))
            _core.Segmentation.EnterCode((ushort)r.cs, code, 3);
        ReadOnlySpan<(SegmentName Name, ulong Selector, ulong Before)> loaded =
            [(SegmentName.Ss, r.ss, UserStack), (SegmentName.Ds, r.ds, 0), (SegmentName.Es, r.es, 0), (SegmentName.Fs, r.fs, 0), (SegmentName.Gs, r.gs, 0)];
        foreach ((SegmentName name, ulong selector, ulong before) in loaded)
        {
            if ((ushort)selector != before) _core.Segmentation.Load((int)name, (ushort)selector);
        }
        _s->FaultVector = -1;
        _core.Segmentation.SetBase((int)SegmentName.Fs, r.fs_base);
        _core.Segmentation.SetBase((int)SegmentName.Gs, r.gs_base);
    }

    /// <summary>INT3 is run again by the interpreter; a single step that user code has asked for is over.</summary>
    private void Trapped()
    {
        if ((_s->SystemFlags & RFlags.Trap) != 0)
        {
            _s->DebugHits |= 1UL << 14;
            return;
        }
        _s->Rip -= _core.Mmu.PeekCode(_s->Rip - 1) is var last && last != null && *last == 0xCC ? 1u : 2u;
    }

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
        bool mapped = runs && (rights < 0 || (rights & Libc.PROT_EXEC) == 0) ? MapCode(page)
            : rights < 0 ? MapCluster(page)
            : MapWritable(page, rights);
        if (!mapped) return false;
        if (!_mirror.Flush())
        {
            if (_mirror.Breakpoints.IsUsable) throw new LinuxException("mmap", Errno.ENOMEM, "the process of the guest's user code");
            _mirror.Pages.Drop();
            mapped = false;
        }
        Process.Registers = saved;
        Process.Registers.orig_rax = ulong.MaxValue;
        // Faults set it, and it would let the first instruction pass a breakpoint.
        Process.Registers.eflags &= ~RFlags.Resume;
        Process.Write();
        return mapped;
    }

    private bool MapCode(ulong linear)
    {
        CodeEntry* entry = _core.Mmu.Code(linear);
        if (entry == null)
        {
            _s->FaultVector = -1;
            return false;
        }
        CodeVersions versions = Observe(linear, entry->Host);
        if (Listed(versions) is not { } listed || !_mirror.Breakpoints.Set(linear, listed)) return false;
        // That it is watched now may have cost it its writable mapping.
        _mirror.Pages.Settle();
        if (versions.Previous.Host != 0) _mirror.Pages.DependOn(_memory.PageIndex(versions.Previous.Host));
        if (versions.Next.Host != 0) _mirror.Pages.DependOn(_memory.PageIndex(versions.Next.Host));
        _mirror.Pages.Map(linear, entry->Host, Libc.PROT_READ | Libc.PROT_EXEC);
        if (Observe(linear, entry->Host) == versions) return true;
        // Another thread has changed it, perhaps before it could know that this must be told.
        _mirror.Pages.Drop(linear);
        return false;
    }

    /// <summary>Offsets of the instructions in a page that must not run; null if they are too many.</summary>
    private ushort[]? Listed(in CodeVersions versions)
    {
        long page = _memory.PageIndex(versions.Page.Host);
        if (_verdicts.TryGetValue(page, out Verdict known) && known.Versions == versions) return known.Listed;
        // Bounded; what is forgotten is looked at again.
        if (_verdicts.Count > MaxVerdicts) _verdicts.Clear();
        Span<ushort> places = stackalloc ushort[StubProcess.Breakpoints];
        int count = _scan.Find(versions.Previous.Host, versions.Page.Host, versions.Next.Host, places);
        ushort[]? listed = count < 0 ? null : places[..count].ToArray();
        _verdicts[page] = new(versions, listed);
        return listed;
    }

    /// <summary>Watches a page and those beside it: instructions may reach across.</summary>
    private CodeVersions Observe(ulong linear, nint host) => new(Version(Beside(linear - 0x1000)), Version(host), Version(Beside(linear + 0x1000)));

    private nint Beside(ulong linear) => _core.Mmu.Peek(linear, AccessKind.Execute, out _);

    private PageVersion Version(nint host) => host == 0 ? default : new(host, _memory.Observe(_memory.PageIndex(host)));

    /// <summary>A page of RAM and the version of its contents; nothing where there is none.</summary>
    private readonly record struct PageVersion(nint Host, uint Version);

    private readonly record struct CodeVersions(PageVersion Previous, PageVersion Page, PageVersion Next);

    /// <summary>What was found out about a page, and from which contents.</summary>
    private readonly record struct Verdict(CodeVersions Versions, ushort[]? Listed);

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
        _scan.Dispose();
    }
}
