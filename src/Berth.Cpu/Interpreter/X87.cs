using Berth.Cpu.Host;
using Berth.Cpu.Memory;
using Berth.Cpu.State;
using Berth.X86;
using Iced.Intel;

namespace Berth.Cpu.Interpreter;

/// <summary>[SDM1] 8: x87 instructions. Arithmetic runs on the host; waiting, pending exceptions, pointers and environments are done here.</summary>
internal static unsafe class X87
{
    public static Handler Handler(in Instruction i) => i.Mnemonic switch
    {
        Mnemonic.Wait => &Wait,
        Mnemonic.Fnstcw => &StoreControl,
        Mnemonic.Fnstsw => i.Op0Kind == OpKind.Memory ? &StoreStatus : &StoreStatusAx,
        Mnemonic.Fnclex => &ClearExceptions,
        Mnemonic.Fninit => &Initialize,
        Mnemonic.Fldcw => &LoadControl,
        Mnemonic.Fnstenv => i.Code == Code.Fnstenv_m28byte ? &StoreEnvironment32 : &StoreEnvironment16,
        Mnemonic.Fldenv => i.Code == Code.Fldenv_m28byte ? &LoadEnvironment32 : &LoadEnvironment16,
        Mnemonic.Fnsave => i.Code == Code.Fnsave_m108byte ? &Save32 : &Save16,
        Mnemonic.Frstor => i.Code == Code.Frstor_m108byte ? &Restore32 : &Restore16,
        Mnemonic.Feni or Mnemonic.Fneni or Mnemonic.Fdisi or Mnemonic.Fndisi or Mnemonic.Fnsetpm or Mnemonic.Fsetpm => &Nothing,
        _ => &Run,
    };

    public static bool IsPending(CpuState* s) => (s->Fsw & ~s->Fcw & 0x3F) != 0;

    /// <summary>#MF for exceptions that an earlier instruction left behind.</summary>
    public static bool Report(Core c, CpuState* s) => c.Raise(ExceptionVector.X87);

    private static bool Available(Core c, CpuState* s) =>
        (s->Cr0 & (Cr0.Emulation | Cr0.TaskSwitched)) == 0 || c.Raise(ExceptionVector.DeviceNotAvailable);

    private static bool Waiting(Core c, CpuState* s) => Available(c, s) && (!IsPending(s) || Report(c, s));

    private static bool Nothing(Core c, CpuState* s, Op* o) => Available(c, s);

    private static bool Wait(Core c, CpuState* s, Op* o)
    {
        const ulong both = Cr0.MonitorCoprocessor | Cr0.TaskSwitched;
        if ((s->Cr0 & both) == both) return c.Raise(ExceptionVector.DeviceNotAvailable);
        return !IsPending(s) || Report(c, s);
    }

    private static bool Run(Core c, CpuState* s, Op* o)
    {
        if (!Waiting(c, s)) return false;
        bool memory = (o->Flags & OpFlags.Memory) != 0, write = (o->Flags & OpFlags.MemoryWrite) != 0;
        ulong address = 0;
        if (memory)
        {
            if (!Access.Address(c, s, o, o->MemorySize, write, out address)) return false;
            if (write ? !c.Mmu.Probe(address, o->MemorySize, o->Segment, AccessKind.Write)
                : !c.Mmu.ReadBytes(address, s->Scratch, o->MemorySize, o->Segment)) return false;
        }
        if ((o->Extra & (byte)StubKind.Flags) != 0) s->StubFlags = Flags.Status(s) | RFlags.Fixed | RFlags.Interrupt;
        (ulong fip, ulong fdp, ushort fop) = (s->Fip, s->Fdp, s->Fop);
        StubCache.Run(o->Stub, s, o, s->Scratch);
        // Generated code does not keep the pointers, so cores that are compared must not.
        bool points = c.Monitor is null;
        s->Fip = points ? s->Registers[CpuState.BlockRip] + o->Offset : fip;
        (s->Fdp, s->Fop) = (points && memory ? address : fdp, fop);
        if ((o->Extra & (byte)StubKind.Flags) != 0) Flags.SetStatus(s, s->StubFlags);
        // Unmasked invalid, overflow and underflow leave memory alone; they are reported by the next waiting instruction.
        if (!write || (s->Fsw & ~s->Fcw & 0x19) != 0) return true;
        return c.Mmu.WriteBytes(address, s->Scratch, o->MemorySize, o->Segment);
    }

    private static bool StoreControl(Core c, CpuState* s, Op* o) => Available(c, s) && StoreWord(c, s, o, s->Fcw);

    private static bool StoreStatus(Core c, CpuState* s, Op* o) => Available(c, s) && StoreWord(c, s, o, s->Fsw);

    private static bool StoreWord(Core c, CpuState* s, Op* o, ushort value) =>
        Access.Address(c, s, o, 2, write: true, out ulong address) && Access.Write<ushort>(c, s, address, o->Segment, value);

    private static bool StoreStatusAx(Core c, CpuState* s, Op* o)
    {
        if (!Available(c, s)) return false;
        Bits.SetRegister<ushort>(s, 0, s->Fsw);
        return true;
    }

    private static bool ClearExceptions(Core c, CpuState* s, Op* o)
    {
        if (!Available(c, s)) return false;
        s->Fsw &= 0x7F00;
        return true;
    }

    private static bool Initialize(Core c, CpuState* s, Op* o)
    {
        if (!Available(c, s)) return false;
        Reset(s);
        return true;
    }

    private static void Reset(CpuState* s)
    {
        // FXSAVE keeps registers by stack position: with TOP going to 0 each keeps its physical place.
        Rotate(s, -((s->Fsw >> 11) & 7));
        (s->Fcw, s->Fsw, s->Ftw, s->Fop, s->Fip, s->Fdp) = (0x37F, 0, 0, 0, 0, 0);
    }

    /// <summary>What every MMX instruction does first: TOP to zero, all registers valid. MMn is then at place n of the image.</summary>
    public static void EnterMmx(CpuState* s)
    {
        Rotate(s, -((s->Fsw >> 11) & 7));
        s->Fsw &= 0xC7FF;
        s->Ftw = 0xFF;
    }

    private static void Rotate(CpuState* s, int by)
    {
        if ((by & 7) == 0) return;
        byte* registers = s->Xsave + 32;
        byte* old = stackalloc byte[128];
        Buffer.MemoryCopy(registers, old, 128, 128);
        for (int i = 0; i < 8; i++) Buffer.MemoryCopy(old + (((i + by) & 7) * 16), registers + (i * 16), 16, 16);
    }

    private static void SetControl(CpuState* s, ushort control)
    {
        s->Fcw = (ushort)((control & 0x1F3F) | 0x40);
        s->Fsw = IsPending(s) ? (ushort)(s->Fsw | 0x8080) : (ushort)(s->Fsw & 0x7F7F);
    }

    private static bool LoadControl(Core c, CpuState* s, Op* o)
    {
        if (!Waiting(c, s) || !Access.Address(c, s, o, 2, write: false, out ulong address) || !Access.Read<ushort>(c, s, address, o->Segment, out ulong value)) return false;
        SetControl(s, (ushort)value);
        return true;
    }

    /// <summary>The two-bit tags that FXSAVE does not keep.</summary>
    private static ushort FullTags(CpuState* s)
    {
        int top = (s->Fsw >> 11) & 7, tags = 0;
        for (int r = 0; r < 8; r++)
        {
            byte* value = s->Xsave + 32 + (((r - top) & 7) * 16);
            int exponent = *(ushort*)(value + 8) & 0x7FFF;
            ulong mantissa = *(ulong*)value;
            int tag = (s->Ftw >> r & 1) == 0 ? 3 : exponent == 0 && mantissa == 0 ? 1 : exponent == 0x7FFF || exponent == 0 || (long)mantissa >= 0 ? 2 : 0;
            tags |= tag << (r * 2);
        }
        return (ushort)tags;
    }

    private static void Environment(CpuState* s, byte* image, bool wide)
    {
        ReadOnlySpan<uint> words = [s->Fcw, s->Fsw, FullTags(s), (uint)s->Fip, (uint)s->Fop << 16, (uint)s->Fdp, 0];
        for (int i = 0; i < 7; i++)
        {
            // Unused halves of the wide form read as ones.
            if (wide) ((uint*)image)[i] = i < 3 || i == 6 ? words[i] | 0xFFFF_0000 : words[i];
            else ((ushort*)image)[i] = (ushort)words[i];
        }
    }

    private static void TakeEnvironment(CpuState* s, byte* image, bool wide)
    {
        uint Word(int i) => wide ? ((uint*)image)[i] : ((ushort*)image)[i];
        int oldTop = (s->Fsw >> 11) & 7;
        s->Fsw = (ushort)Word(1);
        Rotate(s, ((s->Fsw >> 11) & 7) - oldTop);
        uint tags = Word(2) & 0xFFFF;
        s->Ftw = 0;
        for (int r = 0; r < 8; r++)
        {
            if ((tags >> (r * 2) & 3) != 3) s->Ftw |= (byte)(1 << r);
        }
        s->Fip = Word(3);
        s->Fop = wide ? (ushort)(Word(4) >> 16 & 0x7FF) : (ushort)0;
        s->Fdp = Word(5);
        SetControl(s, (ushort)Word(0));
    }

    private static bool StoreEnvironment32(Core c, CpuState* s, Op* o) => StoreEnvironment(c, s, o, true);

    private static bool StoreEnvironment16(Core c, CpuState* s, Op* o) => StoreEnvironment(c, s, o, false);

    private static bool StoreEnvironment(Core c, CpuState* s, Op* o, bool wide)
    {
        int size = wide ? 28 : 14;
        if (!Available(c, s) || !Access.Address(c, s, o, size, write: true, out ulong address)) return false;
        Environment(s, s->Scratch, wide);
        if (!c.Mmu.WriteBytes(address, s->Scratch, size, o->Segment)) return false;
        SetControl(s, (ushort)(s->Fcw | 0x3F));
        return true;
    }

    private static bool LoadEnvironment32(Core c, CpuState* s, Op* o) => LoadEnvironment(c, s, o, true);

    private static bool LoadEnvironment16(Core c, CpuState* s, Op* o) => LoadEnvironment(c, s, o, false);

    private static bool LoadEnvironment(Core c, CpuState* s, Op* o, bool wide)
    {
        int size = wide ? 28 : 14;
        if (!Waiting(c, s) || !Access.Address(c, s, o, size, write: false, out ulong address)) return false;
        if (!c.Mmu.ReadBytes(address, s->Scratch, size, o->Segment)) return false;
        TakeEnvironment(s, s->Scratch, wide);
        return true;
    }

    private static bool Save32(Core c, CpuState* s, Op* o) => Save(c, s, o, true);

    private static bool Save16(Core c, CpuState* s, Op* o) => Save(c, s, o, false);

    private static bool Save(Core c, CpuState* s, Op* o, bool wide)
    {
        int header = wide ? 28 : 14, size = header + 80;
        if (!Available(c, s) || !Access.Address(c, s, o, size, write: true, out ulong address)) return false;
        Environment(s, s->Scratch, wide);
        for (int i = 0; i < 8; i++) Buffer.MemoryCopy(s->Xsave + 32 + (i * 16), s->Scratch + header + (i * 10), 10, 10);
        if (!c.Mmu.WriteBytes(address, s->Scratch, size, o->Segment)) return false;
        Reset(s);
        return true;
    }

    private static bool Restore32(Core c, CpuState* s, Op* o) => Restore(c, s, o, true);

    private static bool Restore16(Core c, CpuState* s, Op* o) => Restore(c, s, o, false);

    private static bool Restore(Core c, CpuState* s, Op* o, bool wide)
    {
        int header = wide ? 28 : 14, size = header + 80;
        if (!Waiting(c, s) || !Access.Address(c, s, o, size, write: false, out ulong address)) return false;
        if (!c.Mmu.ReadBytes(address, s->Scratch, size, o->Segment)) return false;
        TakeEnvironment(s, s->Scratch, wide);
        for (int i = 0; i < 8; i++) Buffer.MemoryCopy(s->Scratch + header + (i * 10), s->Xsave + 32 + (i * 16), 10, 10);
        return true;
    }
}
