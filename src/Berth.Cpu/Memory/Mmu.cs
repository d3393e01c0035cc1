using Berth.Cpu.Interpreter;
using Berth.Cpu.State;
using Berth.Machine;
using Berth.X86;

namespace Berth.Cpu.Memory;

/// <summary>The software TLB's slow side: walks, page-crossing and device accesses, faults.</summary>
internal sealed unsafe class Mmu : IDisposable
{
    private const int Entries = 1 << CpuMemory.TlbBits;
    private const byte Local = 1, Global = 2;

    private readonly Core _core;
    private readonly CpuState* _s;
    private readonly GuestMemory _memory;
    private readonly MmioBus _mmio;
    private readonly PageWalker _walker;
    private readonly TlbEntry* _tables;
    private readonly CodeEntry* _code;

    // Entries in use, so that a flush touches no others; a page with the global bit stays in a list of its own.
    private readonly byte[] _listed = new byte[AccessMode.Count * Entries];
    private readonly byte[] _codeListed = new byte[AccessMode.Count << CpuMemory.CodeBits];
    private readonly Stack<int> _local = new(1024), _global = new(1024), _codeLocal = new(256), _codeGlobal = new(256);

    // Regions of 2 MiB, folded, of which pieces of large pages have been entered.
    private readonly ulong[] _large = new ulong[16];

    public Mmu(Core core, CpuState* s, GuestMemory memory, MmioBus mmio)
    {
        _core = core;
        _s = s;
        _memory = memory;
        _mmio = mmio;
        _walker = new PageWalker(s, memory);
        _tables = CpuMemory.Tlb(s, 0);
        _code = CpuMemory.Code(s, 0);
        for (int i = 0; i < AccessMode.Count * Entries; i++) Invalidate(i);
        for (int i = 0; i < AccessMode.Count << CpuMemory.CodeBits; i++) InvalidateCode(i);
        _s->Tlb = _tables;
        _s->Watch = (byte*)memory.WatchTable;
        _s->RamBase = (byte*)memory.HostBase;
        if (core.IsOnly) memory.PageWatched += DropWrites;
        _s->WatchBias = memory.WatchTable - (memory.HostBase >> GuestMemory.PageShift);
    }

    public void Dispose() => _memory.PageWatched -= DropWrites;

    /// <summary>Counts flushes, so that caches keyed by linear address know when to distrust themselves.</summary>
    public ulong Epoch { get; private set; }

    /// <summary>Chooses the entries for the current privilege, SMAP and alignment settings.</summary>
    public void SelectMode()
    {
        bool ac = (_s->SystemFlags & RFlags.AlignmentCheck) != 0;
        int mode = _s->Cpl == 3
            ? ac && (_s->Cr0 & Cr0.AlignmentMask) != 0 ? AccessMode.UserAligned : AccessMode.User
            : ac && (_s->Cr4 & Cr4.Smap) != 0 ? AccessMode.SupervisorAll : AccessMode.Supervisor;
        _s->Tlb = _tables + (mode * Entries);
    }

    public int Mode => (int)((_s->Tlb - _tables) / Entries);

    /// <summary>Drops every translation.</summary>
    public void Flush()
    {
        FlushLocal();
        while (_global.TryPop(out int i)) Drop(i, Global);
        while (_codeGlobal.TryPop(out int i)) DropCode(i, Global);
        Array.Clear(_large);
    }

    /// <summary>Drops the translations of pages that are not global.</summary>
    public void FlushLocal()
    {
        _core.Direct?.Flush();
        DropLocal();
    }

    /// <summary>CR3 was written, with the wish to keep what is known of the address space it names, or without. Entries carry no PCID, so all but global
    /// ones go.</summary>
    public void AddressSpaceChanged(bool keep)
    {
        _core.Direct?.AddressSpaceChanged(keep);
        DropLocal();
    }

    private void DropLocal()
    {
        Epoch++;
        while (_local.TryPop(out int i)) Drop(i, Local);
        while (_codeLocal.TryPop(out int i)) DropCode(i, Local);
    }

    /// <summary>Has the next store to each page looked up, and so told to the monitor, again.</summary>
    public void ForgetWritable()
    {
        _core.Direct?.Flush();
        foreach (int i in _local) _tables[i].Write = Never(i);
        foreach (int i in _global) _tables[i].Write = Never(i);
    }

    /// <summary>Drops the translations of one page; of a large page, which is entered as 4 KiB pieces, all of them with everything else.</summary>
    public void FlushPage(ulong address)
    {
        int region = (int)(address >> 21) & 1023;
        if ((_large[region >> 6] >> (region & 63) & 1) != 0)
        {
            Flush();
            return;
        }
        Epoch++;
        _core.Direct?.FlushPage(address);
        for (int mode = 0; mode < AccessMode.Count; mode++)
        {
            TlbEntry* e = _tables + (mode * Entries) + ((address >> 12) & (Entries - 1));
            if (address - e->Read < 0x1000 || address - e->Write < 0x1000) Invalidate((int)(e - _tables));
            CodeEntry* code = _code + (mode << CpuMemory.CodeBits) + CpuMemory.CodeIndex(address);
            if (code->Page == (address & ~0xFFFUL)) InvalidateCode((int)(code - _code));
        }
    }

    /// <summary>From now on stores to a page must be seen.</summary>
    private void DropWrites(long page)
    {
        nint host = _memory.HostBase + (nint)(page << GuestMemory.PageShift);
        foreach (int i in _local) DropWrite(i, host);
        foreach (int i in _global) DropWrite(i, host);
    }

    private void DropWrite(int i, nint host)
    {
        if (_tables[i].Host == host) _tables[i].Write = Never(i);
    }

    // The other entry of its pair has this number: a tag that no address of entry i can match.
    private static ulong Never(int i) => (ulong)((i & (Entries - 1)) ^ 1) << 12;

    private void Invalidate(int i)
    {
        (_tables[i].Read, _tables[i].Write) = (Never(i), Never(i));
    }

    private void Drop(int i, byte list)
    {
        Invalidate(i);
        _listed[i] &= (byte)~list;
    }

    private void InvalidateCode(int i) => (_code[i].Page, _code[i].Id) = (CodeEntry.None, 0);

    private void DropCode(int i, byte list)
    {
        InvalidateCode(i);
        _codeListed[i] &= (byte)~list;
    }

    private static bool IsCanonical(ulong address) => (ulong)((long)address << 16 >> 16) == address;

    private bool IsLong => (_s->Efer & Efer.LongModeActive) != 0;

    /// <summary>Host address of one byte's page position, 0 for device memory (then <paramref name="physical"/> counts), -1 for a recorded fault.</summary>
    public nint Translate(ulong address, AccessKind kind, int mode, int segment, out ulong physical)
    {
        physical = 0;
        if (kind != AccessKind.Execute)
        {
            TlbEntry* e = _tables + (mode * Entries) + ((address >> 12) & (Entries - 1));
            ulong place = address - (kind == AccessKind.Write ? e->Write : e->Read);
            if (place < 0x1000) return e->Host + (nint)place;
        }
        if (!IsLong) address = (uint)address;
        else if (!IsCanonical(address))
        {
            _core.Raise(segment == (int)SegmentName.Ss ? ExceptionVector.StackFault : ExceptionVector.GeneralProtection, 0);
            return -1;
        }
        if (!_walker.Walk(address, kind, mode, out PageWalker.Translation t, out uint error))
        {
            _s->Cr2 = address;
            _core.Raise(ExceptionVector.PageFault, error);
            return -1;
        }
        physical = t.Physical;
        nint host = _memory.HostAddress(physical, 1);
        if (host != 0 && (kind == AccessKind.Write || t.Dirty)) _core.Monitor?.Writable(_memory.PageIndex(host));
        if (host != 0 && mode != AccessMode.UserAligned)
        {
            if (kind == AccessKind.Execute) FillCode(address, mode, host, t);
            else if (!_core.Breakpoints.IsDataPage(address)) Fill(address, mode, host, t);
        }
        return host;
    }

    private bool IsGlobal(in PageWalker.Translation t) => t.Global && (_s->Cr4 & Cr4.PageGlobal) != 0;

    private void Note(ulong address, in PageWalker.Translation t)
    {
        if (!t.Large) return;
        int region = (int)(address >> 21) & 1023;
        _large[region >> 6] |= 1UL << (region & 63);
    }

    private void Fill(ulong address, int mode, nint host, in PageWalker.Translation t)
    {
        int index = (mode * Entries) + (int)((address >> 12) & (Entries - 1));
        bool global = IsGlobal(t);
        byte list = global ? Global : Local;
        if ((_listed[index] & list) == 0)
        {
            _listed[index] |= list;
            (global ? _global : _local).Push(index);
        }
        Note(address, t);
        TlbEntry* e = _tables + index;
        ulong tag = address & ~0xFFFUL;
        bool user = mode == AccessMode.User;
        Invalidate(index);
        e->Host = host & ~0xFFF;
        e->Watch = _memory.WatchTable + (nint)_memory.PageIndex(host);
        if (_walker.Allowed(AccessKind.Read, mode, user, t.Writable, t.User, t.NoExecute)) e->Read = tag;
        if (t.Dirty && _walker.Allowed(AccessKind.Write, mode, user, t.Writable, t.User, t.NoExecute) && !(_core.IsOnly && IsWatched(host))) e->Write = tag;
    }

    private bool IsWatched(nint host) => _s->Watch[_memory.PageIndex(host)] != 0;

    private void FillCode(ulong address, int mode, nint host, in PageWalker.Translation t)
    {
        int index = (mode << CpuMemory.CodeBits) + CpuMemory.CodeIndex(address);
        bool global = IsGlobal(t);
        byte list = global ? Global : Local;
        if ((_codeListed[index] & list) == 0)
        {
            _codeListed[index] |= list;
            (global ? _codeGlobal : _codeLocal).Push(index);
        }
        Note(address, t);
        (_code[index].Page, _code[index].Host, _code[index].Id) = (address & ~0xFFFUL, host & ~0xFFF, 0);
    }

    /// <summary>The entry of a code page in the current mode, or null with a fault recorded or nothing where it is not RAM.</summary>
    public CodeEntry* Code(ulong address)
    {
        CodeEntry* e = _code + (Mode << CpuMemory.CodeBits) + CpuMemory.CodeIndex(address);
        return e->Page == (address & ~0xFFFUL) || Translate(address, AccessKind.Execute, Mode, (int)SegmentName.Cs, out _) > 0 ? e : null;
    }

    /// <summary>Host address of code, 0 outside RAM, -1 for a recorded fault.</summary>
    public nint TranslateCode(ulong address)
    {
        int mode = Mode == AccessMode.UserAligned ? AccessMode.User : Mode;
        CodeEntry* e = _code + (mode << CpuMemory.CodeBits) + CpuMemory.CodeIndex(address);
        if (e->Page == (address & ~0xFFFUL)) return e->Host + (nint)(address & 0xFFF);
        return Translate(address, AccessKind.Execute, mode, (int)SegmentName.Cs, out _);
    }

    /// <summary>Host address of code for an onlooker, null where the guest would fault or there is no RAM: CR2 and pending faults stay as they are.</summary>
    public byte* PeekCode(ulong address)
    {
        (ulong cr2, int vector) = (_s->Cr2, _s->FaultVector);
        nint host = TranslateCode(address);
        (_s->Cr2, _s->FaultVector) = (cr2, vector);
        return host > 0 ? (byte*)host : null;
    }

    /// <summary>Host address of a page for an onlooker, 0 where there is no RAM or the access would fault; nothing is entered or marked.</summary>
    public nint Peek(ulong address, AccessKind kind, out PageWalker.Translation translation)
    {
        translation = default;
        return IsCanonical(address) && _walker.Peek(address, kind, Mode, out translation) ? _memory.HostAddress(translation.Physical, 1) & ~0xFFF : 0;
    }

    /// <summary>Whether the guest has nothing in a stretch of whole 2 MiB pieces. 64-bit mode.</summary>
    public bool IsEmpty(ulong address, ulong length)
    {
        const ulong piece = 1 << 21;
        for (ulong at = address; at < address + length; at += piece)
        {
            if (!_walker.IsEmpty(at)) return false;
        }
        return true;
    }

    /// <summary>Enters the page of an operand; false, and no fault recorded, where the access needs more than an entry.</summary>
    public bool TryFill(ulong address, int size, bool write)
    {
        byte* host = PointerSlow(address, size, write ? AccessKind.Write : AccessKind.Read);
        return host != null && !(write && _core.IsOnly && IsWatched((nint)host));
    }

    private bool Aligned(ulong address, int size)
    {
        // [SDM3] 6.15 #AC: operands of 1, 2, 4 and 8 bytes are checked here; larger ones by their instructions.
        if (Mode != AccessMode.UserAligned || (address & (ulong)(size - 1)) == 0) return true;
        return _core.Raise(ExceptionVector.AlignmentCheck, 0);
    }

    public bool ReadSlow(ulong address, int size, int segment, out ulong value) => ReadSlow(address, size, segment, Mode, AccessKind.Read, out value);

    /// <summary>Reads descriptor tables and task state: as supervisor whatever the CPL.</summary>
    public bool ReadSystem(ulong address, int size, out ulong value) =>
        ReadSlow(address, size, (int)SegmentName.Ds, AccessMode.Supervisor, AccessKind.Read, out value);

    public bool WriteSystem(ulong address, int size, ulong value) =>
        WriteSlow(address, size, (int)SegmentName.Ds, AccessMode.Supervisor, value);

    /// <summary>Writes with the rights of another privilege level: frames of interrupts.</summary>
    public bool WriteAs(ulong address, int size, ulong value, int mode) => WriteSlow(address, size, (int)SegmentName.Ss, mode, value);

    /// <summary>Reads an operand that will be written: rights and dirty bits as for a write.</summary>
    public bool ReadForWrite(ulong address, int size, int segment, out ulong value) =>
        ReadSlow(address, size, segment, Mode, AccessKind.Write, out value);

    /// <summary>As <see cref="ReadForWrite"/>, of an atomic operand for which <see cref="Access.Pointer"/> gave nothing.</summary>
    public bool ReadForAtomic(ulong address, int size, int segment, out ulong value)
    {
        if (PointerSlow(address, size) == null) return ReadForWrite(address, size, segment, out value);
        // Another processor has just made the page accessible and may be at the operand already: the instruction begins again, by host atomics.
        value = 0;
        _s->Stop = StopReason.Restart;
        return false;
    }

    private bool ReadSlow(ulong address, int size, int segment, int mode, AccessKind kind, out ulong value)
    {
        value = 0;
        if (mode == AccessMode.UserAligned && !Aligned(address, size)) return false;
        _core.Breakpoints.Data(address, size, kind == AccessKind.Write);
        int first = (int)Math.Min((ulong)size, 0x1000 - (address & 0xFFF));
        nint host = Translate(address, kind, mode, segment, out ulong physical);
        if (host == -1) return false;
        if (first == size)
        {
            value = host != 0 ? Load((byte*)host, size) : ReadDevice(physical, size);
            return true;
        }
        nint host2 = Translate(address + (ulong)first, kind, mode, segment, out ulong physical2);
        if (host2 == -1) return false;
        for (int i = 0; i < size; i++)
        {
            (nint h, ulong p) = i < first ? (host, physical + (ulong)i) : (host2, physical2 + (ulong)(i - first));
            ulong part = h == 0 ? ReadDevice(p, 1) : *((byte*)h + (i < first ? i : i - first));
            value |= (part & 0xFF) << (8 * i);
        }
        return true;
    }

    public bool WriteSlow(ulong address, int size, int segment, ulong value) => WriteSlow(address, size, segment, Mode, value);

    private bool WriteSlow(ulong address, int size, int segment, int mode, ulong value)
    {
        if (mode == AccessMode.UserAligned && !Aligned(address, size)) return false;
        _core.Breakpoints.Data(address, size, write: true);
        int first = (int)Math.Min((ulong)size, 0x1000 - (address & 0xFFF));
        nint host = Translate(address, AccessKind.Write, mode, segment, out ulong physical);
        if (host == -1) return false;
        if (first == size)
        {
            if (host != 0) StoreRam((byte*)host, size, value);
            else WriteDevice(physical, size, value);
            return true;
        }
        nint host2 = Translate(address + (ulong)first, AccessKind.Write, mode, segment, out ulong physical2);
        if (host2 == -1) return false;
        for (int i = 0; i < size; i++)
        {
            (nint h, ulong p, int at) = i < first ? (host, physical, i) : (host2, physical2, i - first);
            if (h != 0) StoreRam((byte*)h + at, 1, (byte)(value >> (8 * i)));
            else WriteDevice(p + (ulong)at, 1, (byte)(value >> (8 * i)));
        }
        return true;
    }

    /// <summary>Checks that bytes may be accessed, without touching them: for operands wider than eight bytes.</summary>
    public bool Probe(ulong address, int size, int segment, AccessKind kind)
    {
        if (Translate(address, kind, Mode, segment, out _) == -1) return false;
        ulong last = address + (ulong)size - 1;
        return ((address ^ last) & ~0xFFFUL) == 0 || Translate(last & ~0xFFFUL, kind, Mode, segment, out _) != -1;
    }

    /// <summary>Host address of bytes within one RAM page, or null (fault, device or page crossing; nothing is recorded as fault).</summary>
    public byte* PointerSlow(ulong address, int size, AccessKind kind = AccessKind.Write)
    {
        if ((address & 0xFFF) + (ulong)size > 0x1000 || Mode == AccessMode.UserAligned || _core.Breakpoints.IsDataPage(address)) return null;
        ulong cr2 = _s->Cr2;
        nint host = Translate(address, kind, Mode, (int)SegmentName.Ds, out _);
        if (host > 0) return (byte*)host;
        if (host == -1)
        {
            _s->Cr2 = cr2;
            _s->FaultVector = -1;
        }
        return null;
    }

    /// <summary>Host address of an operand of any size within one RAM page, or null.</summary>
    public byte* Direct(ulong address, int size, bool write)
    {
        TlbEntry* e = Access.Entry(_s, address);
        ulong place = address - (write ? e->Write : e->Read);
        if (place <= 0x1000 - (ulong)size) return (byte*)e->Host + place;
        return PointerSlow(address, size, write ? AccessKind.Write : AccessKind.Read);
    }

    /// <summary>Reads an operand of any size; all or nothing.</summary>
    public bool ReadBytes(ulong address, byte* destination, int size, int segment)
    {
        byte* direct = Direct(address, size, write: false);
        if (direct != null)
        {
            Buffer.MemoryCopy(direct, destination, size, size);
            return true;
        }
        if (Mode == AccessMode.UserAligned || size > 8)
        {
            if (!Probe(address, size, segment, AccessKind.Read)) return false;
        }
        for (int i = 0; i < size;)
        {
            int part = size - i >= 8 ? 8 : size - i >= 4 ? 4 : size - i >= 2 ? 2 : 1;
            if (!ReadSlow(address + (ulong)i, part, segment, Mode == AccessMode.UserAligned ? AccessMode.User : Mode, AccessKind.Read, out ulong value)) return false;
            Store(destination + i, part, value);
            i += part;
        }
        return true;
    }

    /// <summary>Writes an operand of any size; all or nothing.</summary>
    public bool WriteBytes(ulong address, byte* source, int size, int segment)
    {
        byte* direct = Direct(address, size, write: true);
        if (direct != null)
        {
            Buffer.MemoryCopy(source, direct, size, size);
            Access.Written(_core, _s, direct);
            return true;
        }
        if (!Probe(address, size, segment, AccessKind.Write)) return false;
        for (int i = 0; i < size;)
        {
            int part = size - i >= 8 ? 8 : size - i >= 4 ? 4 : size - i >= 2 ? 2 : 1;
            int mode = Mode == AccessMode.UserAligned ? AccessMode.User : Mode;
            if (!WriteSlow(address + (ulong)i, part, segment, mode, Load(source + i, part))) return false;
            i += part;
        }
        return true;
    }

    private void StoreRam(byte* host, int size, ulong value)
    {
        Store(host, size, value);
        Access.Written(_core, _s, host);
    }

    /// <summary>A store hit a watched page: raises its version and ends the running block after this instruction.</summary>
    public void WatchedPageWritten(byte* host)
    {
        long page = _memory.PageIndex((nint)host);
        _memory.Touch(page);
        _core.Translator?.StoredTo(page);
        _s->BlockEnd = null;
    }

    private ulong ReadDevice(ulong physical, int size)
    {
        if (_core.Apic is { } apic && InApicPage(apic, physical)) return apic.ReadMmio((int)(physical & 0xFFF));
        return _mmio.Read(physical, size);
    }

    private void WriteDevice(ulong physical, int size, ulong value)
    {
        if (_core.Apic is { } apic && InApicPage(apic, physical)) apic.WriteMmio((int)(physical & 0xFFF), (uint)value);
        else _mmio.Write(physical, size, value);
    }

    // Global enable (bit 11) without x2APIC mode (bit 10).
    private static bool InApicPage(ILocalApic apic, ulong physical) =>
        (apic.BaseMsr & 0xC00) == 0x800 && ((apic.BaseMsr ^ physical) & 0x000F_FFFF_FFFF_F000) == 0;

    private static ulong Load(byte* p, int size) => size switch { 1 => *p, 2 => *(ushort*)p, 4 => *(uint*)p, _ => *(ulong*)p };

    private static void Store(byte* p, int size, ulong value)
    {
        switch (size)
        {
            case 1: *p = (byte)value; break;
            case 2: *(ushort*)p = (ushort)value; break;
            case 4: *(uint*)p = (uint)value; break;
            default: *(ulong*)p = value; break;
        }
    }
}
