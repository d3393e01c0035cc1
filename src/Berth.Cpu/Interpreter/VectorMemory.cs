using Berth.Cpu.Host;
using Berth.Cpu.Memory;
using Berth.Cpu.State;
using Berth.X86;
using Iced.Intel;

namespace Berth.Cpu.Interpreter;

/// <summary>[SDM2] vector instructions that touch several places of memory under a mask: gathers and masked moves.</summary>
internal static unsafe class VectorMemory
{
    private const int High = CpuState.YmmHighOffset - CpuState.XmmOffset;

    public static Handler Select(in Instruction i, Op* o)
    {
        // Element size, vector bytes and index width are kept in fields that these forms do not use otherwise.
        o->Extra = i.Op0Register.IsYMM() || i.Op1Register.IsYMM() || i.Op2Register.IsYMM() ? (byte)32 : (byte)16;
        switch (i.Mnemonic)
        {
            case Mnemonic.Maskmovq: return &MaskMoveMmx;
            case Mnemonic.Maskmovdqu or Mnemonic.Vmaskmovdqu:
                o->Immediate = i.Mnemonic == Mnemonic.Vmaskmovdqu ? 1 : 0;
                return &MaskMoveXmm;
            case Mnemonic.Vmaskmovps or Mnemonic.Vpmaskmovd:
                o->Immediate = 4;
                return i.Op0Kind == OpKind.Memory ? &MaskStore : &MaskLoad;
            case Mnemonic.Vmaskmovpd or Mnemonic.Vpmaskmovq:
                o->Immediate = 8;
                return i.Op0Kind == OpKind.Memory ? &MaskStore : &MaskLoad;
            case Mnemonic.Vgatherdps or Mnemonic.Vpgatherdd: return Gather(i, o, 4, 4);
            case Mnemonic.Vgatherdpd or Mnemonic.Vpgatherdq: return Gather(i, o, 8, 4);
            case Mnemonic.Vgatherqps or Mnemonic.Vpgatherqd: return Gather(i, o, 4, 8);
            case Mnemonic.Vgatherqpd or Mnemonic.Vpgatherqq: return Gather(i, o, 8, 8);
            default: return null;
        }
    }

    private static Handler Gather(in Instruction i, Op* o, int element, int index)
    {
        // Elements: as many as both the destination and the index vector hold.
        int destination = i.Op0Register.IsYMM() ? 32 : 16, indexes = i.MemoryIndex.IsYMM() ? 32 : 16;
        int count = Math.Min(destination / element, indexes / index);
        o->Immediate = element | (index << 8) | (count << 16) | (i.MemoryIndex.GetNumber() << 24);
        if (i.Op0Register == i.Op2Register || i.Op0Register.GetNumber() == i.MemoryIndex.GetNumber() || i.Op2Register.GetNumber() == i.MemoryIndex.GetNumber())
            return &Undefined;
        return &RunGather;
    }

    private static bool Undefined(Core c, CpuState* s, Op* o) => c.Raise(ExceptionVector.InvalidOpcode);

    private static byte* Lane(CpuState* s, int register, int position) =>
        (byte*)s + register + (position < 16 ? position : High + position - 16);

    private static bool RunGather(Core c, CpuState* s, Op* o)
    {
        if (!HostOps.Available(c, s, StubKind.Avx)) return false;
        int element = (int)o->Immediate & 0xFF, width = (int)(o->Immediate >> 8) & 0xFF, count = (int)(o->Immediate >> 16) & 0xFF;
        int index = CpuState.XmmOffset + ((int)(o->Immediate >> 24 & 0xFF) * 16);
        for (int k = 0; k < count; k++)
        {
            byte* mask = Lane(s, o->C, k * element);
            // The mask is widened at once, so that an interrupted gather can be resumed.
            bool wanted = mask[element - 1] >= 0x80;
            new Span<byte>(mask, element).Fill(wanted ? (byte)0xFF : (byte)0);
        }
        for (int k = 0; k < count; k++)
        {
            byte* mask = Lane(s, o->C, k * element);
            if (*mask == 0) continue;
            byte* place = Lane(s, index, k * width);
            long offset = (width == 4 ? *(int*)place : *(long*)place) << o->Scale;
            if (!Access.Address(c, s, o, element, write: false, out ulong address, offset)) return false;
            if (element == 4)
            {
                if (!Access.Read<uint>(c, s, address, o->Segment, out ulong value)) return false;
                *(uint*)Lane(s, o->A, k * 4) = (uint)value;
                *(uint*)mask = 0;
            }
            else
            {
                if (!Access.Read<ulong>(c, s, address, o->Segment, out ulong value)) return false;
                *(ulong*)Lane(s, o->A, k * 8) = value;
                *(ulong*)mask = 0;
            }
        }
        int used = count * element;
        for (int at = used; at < 32; at += 4)
        {
            *(uint*)Lane(s, o->A, at) = 0;
            *(uint*)Lane(s, o->C, at) = 0;
        }
        return true;
    }

    private static bool MaskLoad(Core c, CpuState* s, Op* o)
    {
        if (!HostOps.Available(c, s, StubKind.Avx)) return false;
        int element = (int)o->Immediate, vector = o->Extra;
        byte* result = stackalloc byte[32];
        new Span<byte>(result, 32).Clear();
        for (int at = 0; at < vector; at += element)
        {
            if (Lane(s, o->B, at)[element - 1] < 0x80) continue;
            if (!Access.Address(c, s, o, element, write: false, out ulong address, at)) return false;
            if (!c.Mmu.ReadSlow(address, element, o->Segment, out ulong value)) return false;
            if (element == 4) *(uint*)(result + at) = (uint)value;
            else *(ulong*)(result + at) = value;
        }
        Buffer.MemoryCopy(result, Lane(s, o->A, 0), 16, 16);
        Buffer.MemoryCopy(result + 16, Lane(s, o->A, 16), 16, 16);
        return true;
    }

    private static bool MaskStore(Core c, CpuState* s, Op* o)
    {
        if (!HostOps.Available(c, s, StubKind.Avx)) return false;
        int element = (int)o->Immediate, vector = o->Extra;
        // All rights first, so that a fault leaves memory as it was.
        for (int pass = 0; pass < 2; pass++)
        {
            for (int at = 0; at < vector; at += element)
            {
                if (Lane(s, o->B, at)[element - 1] < 0x80) continue;
                if (!Access.Address(c, s, o, element, write: true, out ulong address, at)) return false;
                byte* source = Lane(s, o->C, at);
                ulong value = element == 4 ? *(uint*)source : *(ulong*)source;
                if (pass == 0 ? !c.Mmu.Probe(address, element, o->Segment, AccessKind.Write) : !c.Mmu.WriteSlow(address, element, o->Segment, value)) return false;
            }
        }
        return true;
    }

    private static bool MaskMoveMmx(Core c, CpuState* s, Op* o)
    {
        if (!HostOps.Available(c, s, StubKind.X87) || (X87.IsPending(s) && !X87.Report(c, s))) return false;
        int top = (s->Fsw >> 11) & 7;
        if (!Bytes(c, s, o, s->Xsave + 32 + (((o->B - top) & 7) * 16), s->Xsave + 32 + (((o->C - top) & 7) * 16), 8)) return false;
        X87.EnterMmx(s);
        return true;
    }

    private static bool MaskMoveXmm(Core c, CpuState* s, Op* o) =>
        HostOps.Available(c, s, o->Immediate != 0 ? StubKind.Avx : StubKind.None)
        && Bytes(c, s, o, (byte*)s + o->B, (byte*)s + o->C, 16);

    private static bool Bytes(Core c, CpuState* s, Op* o, byte* data, byte* mask, int count)
    {
        ulong offset = s->Registers[(int)GeneralRegister.Rdi];
        offset = o->AddressSize switch { 2 => (ushort)offset, 4 => (uint)offset, _ => offset };
        if (!c.Segmentation.Linear(o->Segment, offset, count, write: true, out ulong address)) return false;
        for (int pass = 0; pass < 2; pass++)
        {
            for (int k = 0; k < count; k++)
            {
                if (mask[k] < 0x80) continue;
                ulong at = address + (ulong)k;
                if (pass == 0 ? !c.Mmu.Probe(at, 1, o->Segment, AccessKind.Write) : !c.Mmu.WriteSlow(at, 1, o->Segment, data[k])) return false;
            }
        }
        return true;
    }
}
