using Berth.Cpu.State;
using Berth.X86;
using Iced.Intel;

namespace Berth.Cpu.Interpreter;

/// <summary>[SDM2] SYSCALL, SYSRET, SYSENTER, SYSEXIT, SWAPGS, RDFSBASE to WRGSBASE.</summary>
internal static unsafe class SystemCalls
{
    private const SegmentAttributes FlatData = SegmentAttributes.Present | SegmentAttributes.NonSystem | SegmentAttributes.WritableOrReadable
        | SegmentAttributes.Accessed | SegmentAttributes.Big | SegmentAttributes.PageGranular;

    public static Handler Select(in Instruction i) => i.Mnemonic switch
    {
        Mnemonic.Syscall => &Syscall,
        Mnemonic.Sysret => &Sysretd,
        Mnemonic.Sysretq => &Sysretq,
        Mnemonic.Sysenter => &Sysenter,
        Mnemonic.Sysexit => &Sysexitd,
        Mnemonic.Sysexitq => &Sysexitq,
        Mnemonic.Swapgs => &SwapGs,
        Mnemonic.Rdfsbase => i.Op0Register.IsGPR64() ? &ReadFs<ulong> : &ReadFs<uint>,
        Mnemonic.Rdgsbase => i.Op0Register.IsGPR64() ? &ReadGs<ulong> : &ReadGs<uint>,
        Mnemonic.Wrfsbase => i.Op0Register.IsGPR64() ? &WriteFs<ulong> : &WriteFs<uint>,
        Mnemonic.Wrgsbase => i.Op0Register.IsGPR64() ? &WriteGs<ulong> : &WriteGs<uint>,
        _ => null,
    };

    private static void SetCode(Core c, CpuState* s, int selector, int dpl, bool isLong)
    {
        s->Cpl = dpl;
        SegmentAttributes size = isLong ? SegmentAttributes.Long : SegmentAttributes.Big;
        SegmentAttributes a = (FlatData & ~SegmentAttributes.Big) | SegmentAttributes.Code | size | (SegmentAttributes)(dpl << 5);
        c.Segmentation.Set((int)SegmentName.Cs, new Segment { Selector = (ushort)selector, Limit = uint.MaxValue, Attributes = a });
    }

    private static void SetStack(Core c, int selector, int dpl) =>
        c.Segmentation.SetStack(new Segment { Selector = (ushort)selector, Limit = uint.MaxValue, Attributes = FlatData | (SegmentAttributes)(dpl << 5) });

    private static bool Done(CpuState* s)
    {
        s->Stop = StopReason.Continue;
        return false;
    }

    private static bool Syscall(Core c, CpuState* s, Op* o)
    {
        if ((s->Efer & Efer.SystemCall) == 0 || s->CodeSize != 2) return c.Raise(ExceptionVector.InvalidOpcode);
        s->Registers[(int)GeneralRegister.Rcx] = Core.NextRip(s, o);
        s->Registers[(int)GeneralRegister.R11] = Flags.All(s) & ~RFlags.Resume;
        ulong flags = Flags.All(s) & ~s->Fmask & ~RFlags.Resume;
        Flags.SetStatus(s, flags);
        s->SystemFlags = (flags & ~RFlags.Status) | RFlags.Fixed;
        int selector = (int)(s->Star >> 32) & 0xFFFC;
        s->Rip = s->Lstar;
        SetStack(c, selector + 8, 0);
        SetCode(c, s, selector, 0, isLong: true);
        c.SystemFlagsChanged();
        return Done(s);
    }

    private static bool Sysretq(Core c, CpuState* s, Op* o) => Sysret(c, s, wide: true);

    private static bool Sysretd(Core c, CpuState* s, Op* o) => Sysret(c, s, wide: false);

    private static bool Sysret(Core c, CpuState* s, bool wide)
    {
        if ((s->Efer & Efer.SystemCall) == 0 || s->CodeSize != 2) return c.Raise(ExceptionVector.InvalidOpcode);
        ulong target = s->Registers[(int)GeneralRegister.Rcx];
        if (s->Cpl != 0 || (wide && (ulong)((long)target << 16 >> 16) != target)) return c.Raise(ExceptionVector.GeneralProtection);
        ulong flags = (s->Registers[(int)GeneralRegister.R11] & 0x3C7FD7) | RFlags.Fixed;
        Flags.SetStatus(s, flags);
        s->SystemFlags = flags & ~RFlags.Status & ~(RFlags.Resume | RFlags.Virtual8086);
        int selector = (int)(s->Star >> 48);
        s->Rip = wide ? target : (uint)target;
        SetStack(c, (selector + 8) | 3, 3);
        SetCode(c, s, (wide ? selector + 16 : selector) | 3, 3, wide);
        c.SystemFlagsChanged();
        c.Direct?.EnteredUser();
        return Done(s);
    }

    private static bool Sysenter(Core c, CpuState* s, Op* o)
    {
        int selector = (int)s->SysenterCs & 0xFFFC;
        if (!c.Segmentation.IsProtected || selector == 0) return c.Raise(ExceptionVector.GeneralProtection);
        bool isLong = c.Segmentation.IsLong;
        s->SystemFlags &= ~(RFlags.Interrupt | RFlags.Virtual8086 | RFlags.Resume);
        s->Registers[(int)GeneralRegister.Rsp] = isLong ? s->SysenterEsp : (uint)s->SysenterEsp;
        s->Rip = isLong ? s->SysenterEip : (uint)s->SysenterEip;
        SetStack(c, selector + 8, 0);
        SetCode(c, s, selector, 0, isLong);
        c.SystemFlagsChanged();
        return Done(s);
    }

    private static bool Sysexitq(Core c, CpuState* s, Op* o) => Sysexit(c, s, wide: true);

    private static bool Sysexitd(Core c, CpuState* s, Op* o) => Sysexit(c, s, wide: false);

    private static bool Sysexit(Core c, CpuState* s, bool wide)
    {
        int selector = (int)s->SysenterCs & 0xFFFC;
        if (!c.Segmentation.IsProtected || selector == 0 || s->Cpl != 0) return c.Raise(ExceptionVector.GeneralProtection);
        ulong target = s->Registers[(int)GeneralRegister.Rdx], stack = s->Registers[(int)GeneralRegister.Rcx];
        if (wide && ((ulong)((long)target << 16 >> 16) != target || (ulong)((long)stack << 16 >> 16) != stack)) return c.Raise(ExceptionVector.GeneralProtection);
        s->Rip = wide ? target : (uint)target;
        s->Registers[(int)GeneralRegister.Rsp] = wide ? stack : (uint)stack;
        int code = selector + (wide ? 32 : 16);
        SetStack(c, (code + 8) | 3, 3);
        SetCode(c, s, code | 3, 3, wide);
        c.SystemFlagsChanged();
        return Done(s);
    }

    private static bool SwapGs(Core c, CpuState* s, Op* o)
    {
        if (s->CodeSize != 2) return c.Raise(ExceptionVector.InvalidOpcode);
        if (s->Cpl != 0) return c.Raise(ExceptionVector.GeneralProtection);
        ulong old = s->Gs.Base;
        c.Segmentation.SetBase((int)SegmentName.Gs, s->KernelGsBase);
        s->KernelGsBase = old;
        return true;
    }

    private static bool BaseAllowed(Core c, CpuState* s) => (s->Cr4 & Cr4.Fsgsbase) != 0 || c.Raise(ExceptionVector.InvalidOpcode);

    private static bool ReadFs<T>(Core c, CpuState* s, Op* o) where T : unmanaged => ReadBase<T>(c, s, o, s->Fs.Base);

    private static bool ReadGs<T>(Core c, CpuState* s, Op* o) where T : unmanaged => ReadBase<T>(c, s, o, s->Gs.Base);

    private static bool ReadBase<T>(Core c, CpuState* s, Op* o, ulong value) where T : unmanaged
    {
        if (!BaseAllowed(c, s)) return false;
        Bits.SetRegister<T>(s, o->A, value);
        return true;
    }

    private static bool WriteFs<T>(Core c, CpuState* s, Op* o) where T : unmanaged => WriteBase<T>(c, s, o, SegmentName.Fs);

    private static bool WriteGs<T>(Core c, CpuState* s, Op* o) where T : unmanaged => WriteBase<T>(c, s, o, SegmentName.Gs);

    private static bool WriteBase<T>(Core c, CpuState* s, Op* o, SegmentName name) where T : unmanaged
    {
        if (!BaseAllowed(c, s)) return false;
        ulong value = Bits.Register<T>(s, o->A);
        if ((ulong)((long)value << 16 >> 16) != value) return c.Raise(ExceptionVector.GeneralProtection);
        c.Segmentation.SetBase((int)name, value);
        return true;
    }
}
