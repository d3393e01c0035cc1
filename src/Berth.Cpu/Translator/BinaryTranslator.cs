using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Berth.Cpu.Host;
using Berth.Cpu.Interpreter;
using Berth.Cpu.Memory;
using Berth.Cpu.State;
using Berth.Machine;
using Berth.X86;

namespace Berth.Cpu.Translator;

/// <summary>One vCPU's translator: enters generated code and serves its exits. All members but <see cref="PageWritten"/> belong to the vCPU's thread.</summary>
internal sealed unsafe class BinaryTranslator : IDisposable
{
    /// <summary>Executions after which a block is worth translating.</summary>
    public const uint DefaultThreshold = 32;

    private const long CodeSize = 64 << 20;
    private const int FilterBits = 16;

    /// <summary>Writes to a page without blocks before it is unwatched for the first time.</summary>
    private const int FirstCalm = 8;

    private readonly Core _core;
    private readonly CpuState* _s;
    private readonly GuestMemory _memory;
    private readonly ExecutableMemory _executable = new(CodeSize);
    private readonly RuntimeStubs _stubs;
    private readonly CodeCache _cache;
    private readonly BlockTranslator _translator;
    private readonly CodeSnapshot _snapshot = new();
    private readonly ConcurrentQueue<long> _written = new();
    private readonly Dictionary<long, (int Writes, int Limit)> _restless = [];
    private readonly byte[] _filter = new byte[1 << FilterBits];
    private GCHandle _self;
    private volatile bool _hasWritten;

    public BinaryTranslator(Core core, CpuState* s, GuestMemory memory, bool counts)
    {
        _core = core;
        _s = s;
        _memory = memory;
        _self = GCHandle.Alloc(this);
        s->Translator = GCHandle.ToIntPtr(_self);
        var emitter = new Emitter();
        _stubs = new RuntimeStubs(_executable, emitter);
        _cache = new CodeCache(s, _executable);
        _translator = new BlockTranslator(emitter, _stubs, _cache, new BlockDecoder(core.Stubs)) { Counts = counts, IsOnly = core.IsOnly };
        memory.WatchedPageWritten += PageWritten;
        memory.PageUnwatched += PageUnwatched;
    }

    /// <summary>Whether this host can run generated code: the features of the baseline, and FSGSBASE.</summary>
    public static bool IsSupported { get; } = StubCache.IsSupported && X86Base.IsSupported && (X86Base.CpuId(7, 0).Ebx & 1) != 0;

    /// <summary>Executions of a block before it is translated.</summary>
    public uint Threshold { get; set; } = DefaultThreshold;

    /// <summary>Whether blocks jump to each other; without, each returns to the dispatcher.</summary>
    public bool Links { get; set; } = true;

    /// <summary>Bytes of generated code after which all of it is dropped.</summary>
    public long CodeLimit { get; set; } = CodeSize;

    /// <summary>Blocks translated so far, for statistics.</summary>
    public long Translations { get; private set; }

    /// <summary>Runs generated code from RIP on, as far as there is any.</summary>
    public Outcome Run()
    {
        CpuState* s = _s;
        if (!IsOurs) return Outcome.Cold;
        if (_hasWritten) DropChanged();
        if (Smap != _translator.Smap)
        {
            _cache.Clear();
            _translator.Smap = Smap;
        }
        nint code = Announced(s->Rip);
        if (code == 0) return Outcome.Cold;
        Prepare();
        while (true)
        {
            ExitReason reason = _stubs.Run(code, s);
            int exit = -1;
            switch (reason)
            {
                case ExitReason.Interpret:
                    TakeFlags();
                    return Outcome.Interpret;
                case ExitReason.Assist:
                    TakeFlags();
                    if (!Assist()) return Outcome.Fault;
                    // Interrupts may have been let in, modes changed.
                    if ((s->Pending | s->Step | s->Poll) != 0 || s->DebugHits != 0 || !IsOurs || Smap != _translator.Smap || _core.Direct is { IsWanted: true }) return Outcome.Completed;
                    Prepare();
                    if (!_hasWritten && Links && (code = Announced(s->Rip)) != 0) continue;
                    break;
                case ExitReason.Poll:
                    TakeFlags();
                    return Outcome.Again;
                case ExitReason.Watched:
                    long page = (nint)s->Argument - _memory.WatchTable;
                    _memory.Touch(page);
                    StoredTo(page);
                    break;
                case ExitReason.Direct:
                    exit = s->Exit;
                    s->Rip = _cache.Exit(exit).Target;
                    break;
            }
            if (_hasWritten)
            {
                DropChanged();
                exit = -1;
            }
            if (s->Poll != 0 || !Links)
            {
                TakeFlags();
                return Outcome.Again;
            }
            int block = Find(s->Rip);
            if (block < 0)
            {
                TakeFlags();
                return Outcome.Cold;
            }
            if (exit >= 0) _cache.Link(exit, block);
            code = _cache[block].Entries.Checked;
        }
    }

    /// <summary>Runs the operation that generated code has left for; false with a fault recorded.</summary>
    private bool Assist()
    {
        CpuState* s = _s;
        var site = (AssistSite*)s->Argument;
        Op* op = &site->Op;
        s->Registers[CpuState.BlockRip] = site->Rip;
        s->BlockEnd = op + 1;
        if (op->Run(_core, s, op))
        {
            s->Instructions++;
            if (site->Next != 0) s->Rip = site->Next;
            return true;
        }
        bool faulted = s->FaultVector >= 0;
        if (faulted || s->Stop == StopReason.Restart) s->Rip = site->Rip;
        s->Instructions += faulted ? 0u : 1u;
        s->Stop = StopReason.None;
        return !faulted;
    }

    /// <summary>64-bit code without alignment checks.</summary>
    private bool IsOurs => _s->CodeSize == 2 && _s->Tlb != CpuMemory.Tlb(_s, AccessMode.UserAligned);

    private bool Smap => (_s->Cr4 & Cr4.Smap) != 0;

    /// <summary>After a block that has run often: makes generated code for RIP known; false if there is none, <paramref name="ever"/> whether that
    /// may change.</summary>
    public bool Translate(out bool ever)
    {
        ever = true;
        int mode = _core.Mmu.Mode;
        if (_s->CodeSize != 2 || mode >= AccessMode.Translated) return false;
        if (Find(_s->Rip) >= 0) return true;
        CodeEntry* entry = _core.Mmu.Code(_s->Rip);
        if (entry == null)
        {
            _s->FaultVector = -1;
            return false;
        }
        if (!_cache.HasRoom(CodeLimit)) _cache.Clear();
        long page = _memory.PageIndex(entry->Host), page2 = page;
        uint version = Observe(page), version2 = version;
        // The entry vouches for one page of guest RAM.
        nint host = entry->Host + (nint)(_s->Rip & 0xFFF);
        byte* code = _snapshot.Take(host);
        int id = _cache.PageId(entry, mode), block;
        if (!_translator.Crosses(_s->Rip, code)) block = _translator.Translate(_s->Rip, host, code, mode, id);
        else
        {
            CodeEntry* second = _core.Mmu.Code((_s->Rip & ~0xFFFUL) + 0x1000);
            // Two pages that share an entry cannot both be checked.
            if (second == null || second == entry)
            {
                _s->FaultVector = -1;
                return false;
            }
            page2 = _memory.PageIndex(second->Host);
            version2 = Observe(page2);
            _snapshot.TakeSecond(second->Host);
            block = _translator.Translate(_s->Rip, host, code, mode, id, second->Host, _cache.PageId(second, mode));
        }
        if (block < 0) return ever = false;
        Translations++;
        // A write that came in between counts as one that comes now.
        if (Version(page) != version) PageWritten(page);
        if (Version(page2) != version2) PageWritten(page2);
        _cache.Announce(block);
        return true;
    }

    /// <summary>Has writes to a page reported from now on; its version before anything is read from it.</summary>
    private uint Observe(long page)
    {
        _filter[page & ((1 << FilterBits) - 1)] = 1;
        Interlocked.MemoryBarrier();
        return _memory.Observe(page);
    }

    private uint Version(long page) => Volatile.Read(ref ((uint*)_memory.VersionTable)[page]);

    private nint Announced(ulong rip)
    {
        JumpEntry* jump = CpuMemory.Jumps(_s, _core.Mmu.Mode) + (rip & 0xFFFF);
        return jump->Linear == rip ? jump->Code : 0;
    }

    /// <summary>The block at an address by way of the page tables, or -1; indirect jumps will find it from now on.</summary>
    private int Find(ulong rip)
    {
        int mode = _core.Mmu.Mode;
        CodeEntry* entry = _core.Mmu.Code(rip);
        if (entry == null)
        {
            // The interpreter will meet the fault again and report it.
            _s->FaultVector = -1;
            return -1;
        }
        int block = _cache.Find(rip, entry->Host + (nint)(rip & 0xFFF), mode);
        if (block < 0) return -1;
        nint second = _cache[block].Second;
        if (second != 0)
        {
            CodeEntry* next = _core.Mmu.Code((rip & ~0xFFFUL) + 0x1000);
            if (next == null || next->Host != second)
            {
                _s->FaultVector = -1;
                return -1;
            }
            _cache.PageId(next, mode);
        }
        _cache.PageId(entry, mode);
        _cache.Announce(block);
        return block;
    }

    /// <summary>Flags and what is ready, as generated code expects them.</summary>
    private void Prepare()
    {
        CpuState* s = _s;
        ulong flags = Flags.Status(s);
        s->RawFlags = (ushort)(((flags & 0xD5) << 8) | ((flags >> 11) & 1));
        int ready = 0;
        if ((s->Cr0 & (Cr0.TaskSwitched | Cr0.Emulation)) == 0 && (s->Mxcsr & 0x1F80) == 0x1F80 && (s->Cr4 & Cr4.Fxsr) != 0)
            ready = (s->Cr4 & Cr4.Xsave) != 0 && (s->Xcr0 & 6) == 6 ? 3 : 1;
        s->VectorsReady = ready;
        s->X87Ready = (s->Cr0 & (Cr0.TaskSwitched | Cr0.Emulation)) == 0 && (s->Fcw & 0x3F) == 0x3F ? 1 : 0;
    }

    private void TakeFlags() => Flags.SetStatus(_s, ((ulong)(_s->RawFlags >> 8) & 0xD5) | ((_s->RawFlags & 1UL) << 11));

    /// <summary>Called from generated code: enters the page of an operand into the TLB; false where the interpreter must look.</summary>
    public bool Fill(ulong address, int size, bool write) => _core.Mmu.TryFill(address, size, write);

    /// <summary>This vCPU has written to a watched page; if only the interpreter ever looked at its code, nothing else calms it.</summary>
    public void StoredTo(long page)
    {
        if (_filter[page & ((1 << FilterBits) - 1)] == 0) Calm(page);
    }

    /// <summary>A watched page was written. Any thread.</summary>
    public void PageWritten(long page) => Report(page, page);

    /// <summary>A page is no longer watched: its blocks must go. Any thread.</summary>
    public void PageUnwatched(long page) => Report(page, ~page);

    private void Report(long page, long what)
    {
        if (Volatile.Read(ref _filter[page & ((1 << FilterBits) - 1)]) == 0) return;
        _written.Enqueue(what);
        _hasWritten = true;
        Volatile.Write(ref _s->Poll, 1);
    }

    private void DropChanged()
    {
        _hasWritten = false;
        Interlocked.MemoryBarrier();
        while (_written.TryDequeue(out long what))
        {
            long page = what < 0 ? ~what : what;
            int left = _cache.PageChanged(_memory.HostBase + (nint)(page << GuestMemory.PageShift), all: what < 0);
            if (what >= 0 && left == 0) Calm(page);
        }
    }

    /// <summary>Memory that held code is used for data now: after some writes, twice as many each time, its stores become fast again.</summary>
    private void Calm(long page)
    {
        (int writes, int limit) = _restless.GetValueOrDefault(page, (0, FirstCalm));
        if (++writes < limit)
        {
            _restless[page] = (writes, limit);
            return;
        }
        // Bounded; what is forgotten here only is calmed sooner.
        if (_restless.Count > 1 << 16) _restless.Clear();
        _restless[page] = (0, Math.Min(limit * 2, 1 << 20));
        _memory.Unwatch(page);
    }

    public void Dispose()
    {
        _memory.WatchedPageWritten -= PageWritten;
        _memory.PageUnwatched -= PageUnwatched;
        _cache.Dispose();
        _snapshot.Dispose();
        _self.Free();
    }
}
