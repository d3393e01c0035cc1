using System.Runtime.CompilerServices;
using Berth.Cpu.Interpreter;
using Berth.Cpu.State;

namespace Berth.Cpu.Memory;

/// <summary>The fast paths of guest memory access: a TLB hit, else <see cref="Mmu"/>. False means that a fault is recorded.</summary>
internal static unsafe class Access
{
    /// <summary>Linear address of the memory operand of <paramref name="o"/>; <paramref name="delta"/> is added to the offset.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Address(Core c, CpuState* s, Op* o, int size, bool write, out ulong address, long delta = 0)
    {
        byte* r = (byte*)s;
        ulong offset = *(ulong*)(r + o->Base) + (*(ulong*)(r + o->Index) << o->Scale) + (ulong)(o->Displacement + delta);
        if ((o->Flags & OpFlags.SlowAddress) == 0)
        {
            address = offset + *(ulong*)(r + o->SegmentBase);
            return true;
        }
        return c.Segmentation.SlowAddress(s, o, offset, size, write, out address);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TlbEntry* Entry(CpuState* s, ulong address) => s->Tlb + ((address >> 12) & ((1 << CpuMemory.TlbBits) - 1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Read<T>(Core c, CpuState* s, ulong address, int segment, out ulong value) where T : unmanaged
    {
        // SAFETY: a place this far below the end of the page says that the whole access lies in one mapped RAM page.
        TlbEntry* e = Entry(s, address);
        ulong place = address - e->Read;
        if (place <= 0x1000 - (ulong)sizeof(T))
        {
            value = Bits.Load<T>((byte*)e->Host + place);
            return true;
        }
        return c.Mmu.ReadSlow(address, sizeof(T), segment, out value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Write<T>(Core c, CpuState* s, ulong address, int segment, ulong value) where T : unmanaged
    {
        // SAFETY: as in Read.
        TlbEntry* e = Entry(s, address);
        ulong place = address - e->Write;
        if (place <= 0x1000 - (ulong)sizeof(T))
        {
            byte* host = (byte*)e->Host + place;
            Bits.Store<T>(host, value);
            Written(c, s, host);
            return true;
        }
        return c.Mmu.WriteSlow(address, sizeof(T), segment, value);
    }

    /// <summary>Host address of a writable operand that lies in one RAM page, else null: then the slow calls find out why.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Pointer<T>(Core c, CpuState* s, ulong address) where T : unmanaged
    {
        TlbEntry* e = Entry(s, address);
        ulong place = address - e->Write;
        if (place <= 0x1000 - (ulong)sizeof(T)) return (byte*)e->Host + place;
        return c.Mmu.PointerSlow(address, sizeof(T));
    }

    /// <summary>To be called after each store through a host address: tells those who cached the page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Written(Core c, CpuState* s, byte* host)
    {
        if (s->Watch[(nint)(host - s->RamBase) >> 12] != 0) c.Mmu.WatchedPageWritten(host);
    }
}
