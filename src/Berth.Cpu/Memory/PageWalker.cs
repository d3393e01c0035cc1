using Berth.Cpu.State;
using Berth.Machine;
using Berth.X86;

namespace Berth.Cpu.Memory;

/// <summary>Walks 2-, 3- and 4-level paging structures in guest memory and sets accessed and dirty bits. Spec: [SDM3] 4.</summary>
internal sealed unsafe class PageWalker(CpuState* s, GuestMemory memory)
{
    private const ulong PhysicalReserved = 0x000F_FFFF_FFFF_FFFF & ~((1UL << CpuModel.PhysicalAddressBits) - 1);

    /// <summary>Outcome of a walk that succeeded.</summary>
    public readonly record struct Translation(ulong Physical, bool User, bool Writable, bool NoExecute, bool Dirty, bool Global, bool Large, bool Accessed);

    /// <summary>Translates a linear address; false with a page-fault error code. The address must be canonical.</summary>
    public bool Walk(ulong address, AccessKind kind, int mode, out Translation translation, out uint error)
    {
        if ((s->Cr0 & Cr0.Paging) == 0)
        {
            translation = new((uint)address, true, true, false, true, false, false, true);
            error = 0;
            return true;
        }
        while (true)
        {
            int result = TryWalk(address, kind, mode, marks: true, out translation, out error);
            if (result != Again) return result == Done;
        }
    }

    /// <summary>As <see cref="Walk"/> with paging on, but for an onlooker: no bit is set.</summary>
    public bool Peek(ulong address, AccessKind kind, int mode, out Translation translation) => TryWalk(address, kind, mode, marks: false, out translation, out _) == Done;

    /// <summary>Whether no page is present in the 2 MiB around an address. 64-bit mode.</summary>
    public bool IsEmpty(ulong address)
    {
        ulong table = s->Cr3 & PageEntry.AddressMask;
        for (int shift = 39; shift > 12; shift -= 9)
        {
            byte* place = (byte*)memory.HostAddress(table + (((address >> shift) & 0x1FF) * 8), 8);
            ulong entry = place == null ? ulong.MaxValue : Volatile.Read(ref *(ulong*)place);
            if ((entry & PageEntry.Present) == 0) return true;
            if ((entry & PageEntry.Large) != 0) return false;
            table = entry & PageEntry.AddressMask;
        }
        byte* entries = (byte*)memory.HostAddress(table, 4096);
        if (entries == null) return false;
        foreach (ulong entry in new ReadOnlySpan<ulong>(entries, 512))
        {
            if ((entry & PageEntry.Present) != 0) return false;
        }
        return true;
    }

    private const int Done = 0, Fault = 1, Again = 2;

    private int TryWalk(ulong address, AccessKind kind, int mode, bool marks, out Translation translation, out uint error)
    {
        translation = default;
        bool user = mode is AccessMode.User or AccessMode.UserAligned;
        bool noExecuteOn = (s->Efer & Efer.NoExecute) != 0;
        uint code = (kind == AccessKind.Write ? PageFaultError.Write : 0) | (user ? PageFaultError.User : 0)
            | (kind == AccessKind.Execute && (noExecuteOn || (s->Cr4 & Cr4.Smep) != 0) ? PageFaultError.Instruction : 0);
        error = code;

        bool pae = (s->Cr4 & Cr4.PhysicalAddressExtension) != 0, isLong = (s->Efer & Efer.LongModeActive) != 0;
        int levels = isLong ? 4 : pae ? 3 : 2, entrySize = pae ? 8 : 4, indexBits = pae ? 9 : 10;
        ulong table = isLong ? s->Cr3 & PageEntry.AddressMask : pae ? s->Cr3 & 0xFFFF_FFE0 : s->Cr3 & 0xFFFF_F000;
        bool writable = true, userPage = true, noExecute = false, accessed = true;
        for (int level = levels; ; level--)
        {
            int shift = 12 + ((level - 1) * indexBits);
            ulong index = (address >> shift) & ((1UL << indexBits) - 1);
            if (levels == 3 && level == 3) index &= 3;
            byte* place = (byte*)memory.HostAddress(table + (index * (ulong)entrySize), (ulong)entrySize);
            // Outside RAM a read gives all ones, which no valid entry is.
            ulong entry = place == null ? ulong.MaxValue : entrySize == 8 ? Volatile.Read(ref *(ulong*)place) : Volatile.Read(ref *(uint*)place);
            if ((entry & PageEntry.Present) == 0) return Fault;
            bool pointer = levels == 3 && level == 3;
            bool large = level > 1 && (entry & PageEntry.Large) != 0 && !pointer && (pae || (s->Cr4 & Cr4.PageSizeExtensions) != 0);
            if (place == null || HasReserved(entry, level, levels, large, entrySize, noExecuteOn))
            {
                error = code | PageFaultError.Present | PageFaultError.Reserved;
                return Fault;
            }
            if (!pointer)
            {
                accessed &= (entry & PageEntry.Accessed) != 0;
                writable &= (entry & PageEntry.Writable) != 0;
                userPage &= (entry & PageEntry.User) != 0;
                noExecute |= entrySize == 8 && (entry & PageEntry.NoExecute) != 0;
            }
            if (level > 1 && !large)
            {
                if (!pointer && marks && !Mark(place, entrySize, entry, PageEntry.Accessed)) return Again;
                table = entrySize == 8 ? entry & PageEntry.AddressMask : entry & 0xFFFF_F000;
                continue;
            }
            if (!Allowed(kind, mode, user, writable, userPage, noExecute))
            {
                error = code | PageFaultError.Present;
                return Fault;
            }
            ulong wanted = !marks ? 0 : PageEntry.Accessed | (kind == AccessKind.Write ? PageEntry.Dirty : 0);
            if (marks && !Mark(place, entrySize, entry, wanted)) return Again;
            ulong offsetMask = (1UL << shift) - 1;
            ulong frame = entrySize == 8 ? entry & PageEntry.AddressMask & ~offsetMask : Frame32(entry, large);
            translation = new(frame | (address & offsetMask), userPage, writable, noExecute, ((entry | wanted) & PageEntry.Dirty) != 0,
                (entry & PageEntry.Global) != 0, large, accessed || marks);
            return Done;
        }
    }

    /// <summary>Whether the page's rights allow an access. Spec: [SDM3] 4.6.1.</summary>
    public bool Allowed(AccessKind kind, int mode, bool user, bool writable, bool userPage, bool noExecute)
    {
        if (user)
            return userPage && (kind != AccessKind.Write || writable) && (kind != AccessKind.Execute || !noExecute);
        if (kind == AccessKind.Execute) return !noExecute && !(userPage && (s->Cr4 & Cr4.Smep) != 0);
        if (userPage && mode == AccessMode.Supervisor && (s->Cr4 & Cr4.Smap) != 0) return false;
        return kind == AccessKind.Read || writable || (s->Cr0 & Cr0.WriteProtect) == 0;
    }

    // PSE-36: bits 13-20 of a 4 MiB entry are address bits 32-39.
    private static ulong Frame32(ulong entry, bool large) =>
        large ? (entry & 0xFFC0_0000) | ((entry >> 13 & 0xFF) << 32) : entry & 0xFFFF_F000;

    private static bool HasReserved(ulong entry, int level, int levels, bool large, int entrySize, bool noExecuteOn)
    {
        if (entrySize == 4) return large && (entry & (1UL << 21)) != 0;
        ulong reserved = PhysicalReserved;
        if (!noExecuteOn) reserved |= PageEntry.NoExecute;
        if (levels == 3) reserved |= 0x7FF0_0000_0000_0000;
        if (levels == 3 && level == 3) reserved |= PageEntry.NoExecute | 0x1E6;
        if (level == 4) reserved |= PageEntry.Large;
        if (large) reserved |= level == 3 ? 0x3FFF_E000UL : 0x1F_E000UL;
        return (entry & reserved) != 0;
    }

    private static bool Mark(byte* place, int entrySize, ulong entry, ulong wanted)
    {
        if ((entry & wanted) == wanted) return true;
        return entrySize == 8
            ? Interlocked.CompareExchange(ref *(ulong*)place, entry | wanted, entry) == entry
            : Interlocked.CompareExchange(ref *(uint*)place, (uint)(entry | wanted), (uint)entry) == (uint)entry;
    }
}
