using Berth.Cpu.Host;
using Berth.Cpu.Memory;
using Berth.Cpu.State;
using Berth.X86;
using Iced.Intel;

namespace Berth.Cpu.Interpreter;

/// <summary>[SDM2] FXSAVE, FXRSTOR, the XSAVE family, LDMXCSR, STMXCSR, VZEROALL, VZEROUPPER.</summary>
internal static unsafe class VectorState
{
    private const int Header = 512, Ymm = 576;

    public static Handler Select(in Instruction i) => i.Mnemonic switch
    {
        Mnemonic.Fxsave or Mnemonic.Fxsave64 => &FxSave,
        Mnemonic.Fxrstor or Mnemonic.Fxrstor64 => &FxRestore,
        Mnemonic.Xsave or Mnemonic.Xsave64 or Mnemonic.Xsaveopt or Mnemonic.Xsaveopt64 => &XSave,
        Mnemonic.Xrstor or Mnemonic.Xrstor64 => &XRestore,
        Mnemonic.Xgetbv => &XGetbv,
        Mnemonic.Xsetbv => &XSetbv,
        Mnemonic.Ldmxcsr => &LoadMxcsr,
        Mnemonic.Stmxcsr => &StoreMxcsr,
        Mnemonic.Vldmxcsr => &LoadMxcsrVex,
        Mnemonic.Vstmxcsr => &StoreMxcsrVex,
        Mnemonic.Vzeroall => &ZeroAll,
        Mnemonic.Vzeroupper => &ZeroUpper,
        _ => null,
    };

    private static bool Available(Core c, CpuState* s) =>
        (s->Cr0 & (Cr0.Emulation | Cr0.TaskSwitched)) == 0 || c.Raise(ExceptionVector.DeviceNotAvailable);

    private static bool Operand(Core c, CpuState* s, Op* o, int size, int alignment, bool write, out ulong address)
    {
        if (!Access.Address(c, s, o, size, write, out address)) return false;
        return (address & (ulong)(alignment - 1)) == 0 || c.Raise(ExceptionVector.GeneralProtection);
    }

    // Registers beyond XMM7 exist in 64-bit mode only; elsewhere their memory is left alone.
    private static int XmmBytes(CpuState* s) => s->CodeSize == 2 ? 256 : 128;

    private static bool FxSave(Core c, CpuState* s, Op* o)
    {
        if (!Available(c, s) || !Operand(c, s, o, 512, 16, write: true, out ulong address)) return false;
        if (!c.Mmu.Probe(address, 416, o->Segment, AccessKind.Write)) return false;
        s->MxcsrMask = 0xFFFF;
        return c.Mmu.WriteBytes(address, s->Xsave, 160 + XmmBytes(s), o->Segment);
    }

    private static bool FxRestore(Core c, CpuState* s, Op* o)
    {
        if (!Available(c, s) || !Operand(c, s, o, 512, 16, write: false, out ulong address)) return false;
        byte* image = stackalloc byte[512];
        if (!c.Mmu.ReadBytes(address, image, 160 + XmmBytes(s), o->Segment)) return false;
        uint mxcsr = *(uint*)(image + 24);
        if ((mxcsr & ~0xFFFFu) != 0) return c.Raise(ExceptionVector.GeneralProtection);
        TakeX87(s, image);
        s->Mxcsr = mxcsr;
        Buffer.MemoryCopy(image + 160, s->Xsave + 160, 256, XmmBytes(s));
        return true;
    }

    private static void TakeX87(CpuState* s, byte* image)
    {
        Buffer.MemoryCopy(image, s->Xsave, 24, 24);
        for (int i = 0; i < 8; i++) Buffer.MemoryCopy(image + 32 + (i * 16), s->Xsave + 32 + (i * 16), 10, 10);
        s->Fcw = (ushort)((s->Fcw & 0x1F3F) | 0x40);
        s->Xsave[5] = 0;
        s->Fop &= 0x7FF;
        s->Fsw = X87.IsPending(s) ? (ushort)(s->Fsw | 0x8080) : (ushort)(s->Fsw & 0x7F7F);
    }

    private static bool XsaveOn(Core c, CpuState* s)
    {
        if ((s->Cr4 & Cr4.Xsave) == 0) return c.Raise(ExceptionVector.InvalidOpcode);
        return (s->Cr0 & Cr0.TaskSwitched) == 0 || c.Raise(ExceptionVector.DeviceNotAvailable);
    }

    private static ulong Requested(CpuState* s) =>
        s->Xcr0 & ((uint)s->Registers[0] | (s->Registers[2] << 32));

    /// <summary>State components that are not in their initial configuration. Spec: [SDM1] 13.6.</summary>
    private static ulong InUse(CpuState* s)
    {
        bool x87 = s->Fcw != 0x37F || s->Fsw != 0 || s->Ftw != 0 || s->Fop != 0 || s->Fip != 0 || s->Fdp != 0
            || !IsZero(s->Xsave + 32, 128);
        return (x87 ? 1UL : 0) | (IsZero(s->Xsave + 160, 256) ? 0UL : 2) | (IsZero(s->Xsave + Ymm, 256) ? 0UL : 4);
    }

    private static bool IsZero(byte* p, int length) => new ReadOnlySpan<byte>(p, length).IndexOfAnyExcept((byte)0) < 0;

    private static bool XSave(Core c, CpuState* s, Op* o)
    {
        if (!XsaveOn(c, s) || !Operand(c, s, o, CpuModel.XsaveSize, 64, write: true, out ulong address)) return false;
        ulong wanted = Requested(s);
        s->MxcsrMask = 0xFFFF;
        int size = (wanted & 4) != 0 ? CpuModel.XsaveSize : Ymm;
        byte* image = stackalloc byte[CpuModel.XsaveSize];
        if (!c.Mmu.Probe(address, size, o->Segment, AccessKind.Write) || !c.Mmu.ReadBytes(address, image, size, o->Segment)) return false;
        if ((wanted & 1) != 0)
        {
            Buffer.MemoryCopy(s->Xsave, image, 24, 24);
            Buffer.MemoryCopy(s->Xsave + 32, image + 32, 128, 128);
        }
        if ((wanted & 6) != 0) Buffer.MemoryCopy(s->Xsave + 24, image + 24, 8, 8);
        if ((wanted & 2) != 0) Buffer.MemoryCopy(s->Xsave + 160, image + 160, 256, XmmBytes(s));
        if ((wanted & 4) != 0) Buffer.MemoryCopy(s->Xsave + Ymm, image + Ymm, 256, XmmBytes(s));
        ulong* header = (ulong*)(image + Header);
        *header = (*header & ~wanted) | (InUse(s) & wanted);
        return c.Mmu.WriteBytes(address, image, 416, o->Segment) && c.Mmu.WriteBytes(address + Header, image + Header, 8, o->Segment)
            && (size == Ymm || c.Mmu.WriteBytes(address + Ymm, image + Ymm, 256, o->Segment));
    }

    private static bool XRestore(Core c, CpuState* s, Op* o)
    {
        if (!XsaveOn(c, s) || !Operand(c, s, o, Ymm, 64, write: false, out ulong address)) return false;
        ulong wanted = Requested(s);
        int size = (wanted & 4) != 0 ? CpuModel.XsaveSize : Ymm;
        byte* image = stackalloc byte[CpuModel.XsaveSize];
        if (!c.Mmu.ReadBytes(address, image, size, o->Segment)) return false;
        ulong* header = (ulong*)(image + Header);
        uint mxcsr = *(uint*)(image + 24);
        if ((header[0] & ~s->Xcr0) != 0 || header[1] != 0 || header[2] != 0 || ((wanted & 6) != 0 && (mxcsr & ~0xFFFFu) != 0))
            return c.Raise(ExceptionVector.GeneralProtection);
        if ((wanted & 6) != 0) s->Mxcsr = mxcsr;
        if ((wanted & 1) != 0)
        {
            if ((header[0] & 1) != 0) TakeX87(s, image);
            else
            {
                new Span<byte>(s->Xsave, 24).Clear();
                new Span<byte>(s->Xsave + 32, 128).Clear();
                s->Fcw = 0x37F;
            }
        }
        Part(s, image, 160, (wanted & 2) != 0, (header[0] & 2) != 0);
        Part(s, image, Ymm, (wanted & 4) != 0, (header[0] & 4) != 0);
        return true;
    }

    private static void Part(CpuState* s, byte* image, int offset, bool wanted, bool present)
    {
        if (!wanted) return;
        if (present) Buffer.MemoryCopy(image + offset, s->Xsave + offset, 256, XmmBytes(s));
        else new Span<byte>(s->Xsave + offset, XmmBytes(s)).Clear();
    }

    private static bool XGetbv(Core c, CpuState* s, Op* o)
    {
        if ((s->Cr4 & Cr4.Xsave) == 0) return c.Raise(ExceptionVector.InvalidOpcode);
        uint index = (uint)s->Registers[1];
        if (index > 1) return c.Raise(ExceptionVector.GeneralProtection);
        ulong value = index == 0 ? s->Xcr0 : s->Xcr0 & InUse(s);
        (s->Registers[0], s->Registers[2]) = ((uint)value, value >> 32);
        return true;
    }

    private static bool XSetbv(Core c, CpuState* s, Op* o)
    {
        if ((s->Cr4 & Cr4.Xsave) == 0) return c.Raise(ExceptionVector.InvalidOpcode);
        if (s->Cpl != 0 || (uint)s->Registers[1] != 0) return c.Raise(ExceptionVector.GeneralProtection);
        return c.Control.WriteXcr0((uint)s->Registers[0] | (s->Registers[2] << 32));
    }

    private static bool LoadMxcsr(Core c, CpuState* s, Op* o) => HostOps.Available(c, s, StubKind.None) && Load(c, s, o);

    private static bool LoadMxcsrVex(Core c, CpuState* s, Op* o) => HostOps.Available(c, s, StubKind.Avx) && Load(c, s, o);

    private static bool Load(Core c, CpuState* s, Op* o)
    {
        if (!Access.Address(c, s, o, 4, write: false, out ulong address) || !Access.Read<uint>(c, s, address, o->Segment, out ulong value)) return false;
        if ((value & ~0xFFFFUL) != 0) return c.Raise(ExceptionVector.GeneralProtection);
        s->Mxcsr = (uint)value;
        return true;
    }

    private static bool StoreMxcsr(Core c, CpuState* s, Op* o) => HostOps.Available(c, s, StubKind.None) && Store(c, s, o);

    private static bool StoreMxcsrVex(Core c, CpuState* s, Op* o) => HostOps.Available(c, s, StubKind.Avx) && Store(c, s, o);

    private static bool Store(Core c, CpuState* s, Op* o) =>
        Access.Address(c, s, o, 4, write: true, out ulong address) && Access.Write<uint>(c, s, address, o->Segment, s->Mxcsr);

    private static bool ZeroAll(Core c, CpuState* s, Op* o)
    {
        if (!HostOps.Available(c, s, StubKind.Avx)) return false;
        new Span<byte>(s->Xsave + 160, XmmBytes(s)).Clear();
        new Span<byte>(s->Xsave + Ymm, XmmBytes(s)).Clear();
        return true;
    }

    private static bool ZeroUpper(Core c, CpuState* s, Op* o)
    {
        if (!HostOps.Available(c, s, StubKind.Avx)) return false;
        new Span<byte>(s->Xsave + Ymm, XmmBytes(s)).Clear();
        return true;
    }
}
