using System.Runtime.InteropServices;
using Berth.Cpu.Interpreter;
using Berth.Cpu.State;
using Berth.Machine;
using Berth.X86;

namespace Berth.Cpu.Memory;

/// <summary>The software TLB's slow side: walks, page-crossing and device accesses, faults.</summary>
internal sealed unsafe class Mmu : IDisposable
{
    private const int Entries = 1 << Access.TlbBits;

    // Generations live in the low 12 bits of a tag; 0xFFF is kept for TlbEntry.None.
    private const ulong LastGeneration = 0xFFE;

    private readonly Core _core;
    private readonly CpuState* _s;
    private readonly GuestMemory _memory;
    private readonly MmioBus _mmio;
    private readonly PageWalker _walker;
    private readonly TlbEntry* _tables;

    public Mmu(Core core, CpuState* s, GuestMemory memory, MmioBus mmio)
    {
        _core = core;
        _s = s;
        _memory = memory;
        _mmio = mmio;
        _walker = new PageWalker(s, memory);
        _tables = (TlbEntry*)NativeMemory.AlignedAlloc(AccessMode.Count * Entries * (nuint)sizeof(TlbEntry), 64);
        Clear();
        _s->Tlb = _tables;
        _s->Watch = (byte*)memory.WatchTable;
        _s->RamBase = (byte*)memory.HostBase;
    }

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

    private int Mode => (int)((_s->Tlb - _tables) / Entries);

    /// <summary>Drops every translation.</summary>
    public void Flush()
    {
        Epoch++;
        if (_s->TlbGeneration >= LastGeneration) Clear();
        else _s->TlbGeneration++;
    }

    /// <summary>Drops the translations of one page (large pages are entered as 4 KiB pieces, so all go).</summary>
    public void FlushPage(ulong address)
    {
        _ = address;
        Flush();
    }

    private void Clear()
    {
        NativeMemory.Fill(_tables, AccessMode.Count * Entries * (nuint)sizeof(TlbEntry), 0xFF);
        _s->TlbGeneration = 0;
    }

    private static bool IsCanonical(ulong address) => (ulong)((long)address << 16 >> 16) == address;

    private bool IsLong => (_s->Efer & Efer.LongModeActive) != 0;

    /// <summary>Host address of one byte's page position, 0 for device memory (then <paramref name="physical"/> counts), -1 for a recorded fault.</summary>
    public nint Translate(ulong address, AccessKind kind, int mode, int segment, out ulong physical)
    {
        physical = 0;
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
        if (host != 0 && mode != AccessMode.UserAligned && !_core.Breakpoints.IsDataPage(address)) Fill(address, mode, host, t);
        return host;
    }

    private void Fill(ulong address, int mode, nint host, in PageWalker.Translation t)
    {
        TlbEntry* e = _tables + (mode * Entries) + ((address >> 12) & (Entries - 1));
        ulong tag = (address & ~0xFFFUL) | _s->TlbGeneration;
        bool user = mode == AccessMode.User;
        e->Addend = host - (nint)address;
        e->Read = _walker.Allowed(AccessKind.Read, mode, user, t.Writable, t.User, t.NoExecute) ? tag : TlbEntry.None;
        e->Write = t.Dirty && _walker.Allowed(AccessKind.Write, mode, user, t.Writable, t.User, t.NoExecute) ? tag : TlbEntry.None;
        e->Execute = _walker.Allowed(AccessKind.Execute, mode, user, t.Writable, t.User, t.NoExecute) ? tag : TlbEntry.None;
    }

    /// <summary>Host address of code, 0 outside RAM, -1 for a recorded fault.</summary>
    public nint TranslateCode(ulong address)
    {
        int mode = Mode == AccessMode.UserAligned ? AccessMode.User : Mode;
        TlbEntry* e = _tables + (mode * Entries) + ((address >> 12) & (Entries - 1));
        if (e->Execute == ((address & ~0xFFFUL) | _s->TlbGeneration)) return (nint)address + e->Addend;
        return Translate(address, AccessKind.Execute, mode, (int)SegmentName.Cs, out _);
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
        TlbEntry* e = _s->Tlb + ((address >> 12) & (Entries - 1));
        if ((write ? e->Write : e->Read) == (((address + (ulong)size - 1) & ~0xFFFUL) | _s->TlbGeneration)) return (byte*)address + e->Addend;
        return PointerSlow(address, size, write ? AccessKind.Write : AccessKind.Read);
    }

    /// <summary>Reads an operand of any size; all or nothing.</summary>
    public bool ReadBytes(ulong address, byte* destination, int size, int segment)
    {
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
        _memory.Touch(_memory.PageIndex((nint)host));
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

    public void Dispose() => NativeMemory.AlignedFree(_tables);
}
