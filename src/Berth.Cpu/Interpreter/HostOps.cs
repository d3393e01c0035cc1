using Berth.Cpu.Host;
using Berth.Cpu.Memory;
using Berth.Cpu.State;
using Berth.X86;
using Iced.Intel;

namespace Berth.Cpu.Interpreter;

/// <summary>x87, MMX, SSE, AVX, BMI and ADX instructions that the host executes through <see cref="StubCache"/>: availability, memory
/// operands and exceptions are handled here.</summary>
internal static unsafe class HostOps
{
    private static readonly HashSet<CpuidFeature> s_features =
    [
        CpuidFeature.INTEL8086, CpuidFeature.INTEL386, CpuidFeature.INTEL486, CpuidFeature.X64, CpuidFeature.FPU, CpuidFeature.FPU287, CpuidFeature.FPU387,
        CpuidFeature.MMX, CpuidFeature.SSE, CpuidFeature.SSE2, CpuidFeature.SSE3, CpuidFeature.SSSE3, CpuidFeature.SSE4_1, CpuidFeature.SSE4_2,
        CpuidFeature.AES, CpuidFeature.PCLMULQDQ, CpuidFeature.SHA, CpuidFeature.AVX, CpuidFeature.AVX2, CpuidFeature.FMA, CpuidFeature.F16C,
        CpuidFeature.BMI1, CpuidFeature.BMI2, CpuidFeature.ADX, CpuidFeature.CMOV,
    ];

    /// <summary>Legacy SSE forms whose 16-byte memory operand needs no alignment.</summary>
    private static readonly HashSet<Mnemonic> s_unaligned =
    [
        Mnemonic.Movups, Mnemonic.Movupd, Mnemonic.Movdqu, Mnemonic.Lddqu, Mnemonic.Pcmpestri, Mnemonic.Pcmpestrm, Mnemonic.Pcmpistri, Mnemonic.Pcmpistrm,
        Mnemonic.Pcmpestri64, Mnemonic.Pcmpestrm64,
    ];

    private static readonly HashSet<Mnemonic> s_alignedVex =
    [
        Mnemonic.Vmovaps, Mnemonic.Vmovapd, Mnemonic.Vmovdqa, Mnemonic.Vmovntps, Mnemonic.Vmovntpd, Mnemonic.Vmovntdq, Mnemonic.Vmovntdqa,
    ];

    /// <summary>Binds an instruction to a stub; false if it is not one of ours.</summary>
    public static bool Bind(in Instruction i, Op* o)
    {
        if (!IsOffered(i)) return false;
        bool x87 = UsesX87(i);
        bool usesMm = UsesMm(i), vector = UsesVector(i), vex = i.Encoding == EncodingKind.VEX;
        bool general = !x87 && !usesMm && !vector;
        if (general && !(i.CpuidFeatures.Any(f => f is CpuidFeature.BMI1 or CpuidFeature.BMI2 or CpuidFeature.ADX or CpuidFeature.SSE4_2 or CpuidFeature.SSE2 or CpuidFeature.MMX))) return false;
        StubKind kind = StubKind.None;
        if (general && i.Mnemonic != Mnemonic.Emms) kind |= StubKind.General;
        if (x87 || usesMm || i.Mnemonic == Mnemonic.Emms) kind |= StubKind.X87;
        if (!x87 && (usesMm || i.Mnemonic == Mnemonic.Emms)) kind |= StubKind.Mmx;
        if (vector && vex) kind |= StubKind.Avx;
        if (vector && (kind & StubKind.X87) == 0 && DependsOnMxcsr(i)) kind |= StubKind.Float;
        if (i.RflagsModified != RflagsBits.None || i.RflagsRead != RflagsBits.None) kind |= StubKind.Flags;
        o->Extra = (byte)kind;
        if (vector && NeedsAlignment(i)) o->Flags |= OpFlags.Aligned;
        if ((o->Flags & OpFlags.Memory) != 0)
        {
            var info = new InstructionInfoFactory().GetInfo(i);
            for (int k = 0; k < i.OpCount; k++)
            {
                if (i.GetOpKind(k) != OpKind.Memory) continue;
                OpAccess access = info.GetOpAccess(k);
                if (access is OpAccess.Write or OpAccess.ReadWrite or OpAccess.CondWrite or OpAccess.ReadCondWrite) o->Flags |= OpFlags.MemoryWrite;
                if (access is not (OpAccess.Write or OpAccess.CondWrite)) o->Flags |= OpFlags.MemoryRead;
            }
        }
        o->Run = x87 ? X87.Handler(i) : (kind & StubKind.X87) != 0 ? &RunMmx : (kind & StubKind.General) != 0 ? &RunGeneral : &RunVector;
        return true;
    }

    /// <summary>Whether a vector instruction's memory operand must be aligned to its size.</summary>
    public static bool NeedsAlignment(in Instruction i) =>
        i.MemorySize.GetSize() >= 16 && (i.Encoding == EncodingKind.VEX ? s_alignedVex.Contains(i.Mnemonic) : !s_unaligned.Contains(i.Mnemonic));

    /// <summary>Whether the baseline has all features that an instruction needs.</summary>
    public static bool IsOffered(in Instruction i)
    {
        foreach (CpuidFeature feature in i.CpuidFeatures)
        {
            if (!s_features.Contains(feature)) return false;
        }
        return true;
    }

    public static bool UsesX87(in Instruction i) => i.CpuidFeatures.Any(f => f is CpuidFeature.FPU or CpuidFeature.FPU287 or CpuidFeature.FPU387);

    // By the form's operand kinds: a memory operand may stand where a register could.
    public static bool UsesMm(in Instruction i) => HasOperand(i, "mm_", "mm_");

    public static bool UsesVector(in Instruction i) => HasOperand(i, "xmm", "ymm");

    private static bool HasOperand(in Instruction i, string first, string second)
    {
        OpCodeInfo info = i.Code.ToOpCode();
        for (int k = 0; k < info.OpCount; k++)
        {
            string name = info.GetOpKind(k).ToString();
            if (name.StartsWith(first, StringComparison.Ordinal) || name.StartsWith(second, StringComparison.Ordinal)) return true;
        }
        return false;
    }

    // Integer, logical and data-moving instructions neither look at MXCSR nor change it.
    private static bool DependsOnMxcsr(in Instruction i)
    {
        string name = i.Mnemonic.ToString();
        if (name[0] == 'V') name = name[1..];
        name = name.ToLowerInvariant();
        if (name[0] == 'p' || name.StartsWith("mov", StringComparison.Ordinal) || name.StartsWith("aes", StringComparison.Ordinal)
            || name.StartsWith("sha", StringComparison.Ordinal) || name.StartsWith("perm", StringComparison.Ordinal) || name.StartsWith("broadcast", StringComparison.Ordinal)
            || name.StartsWith("unpck", StringComparison.Ordinal) || name.StartsWith("insert", StringComparison.Ordinal) || name.StartsWith("extract", StringComparison.Ordinal)
            || name.StartsWith("blend", StringComparison.Ordinal) || name.StartsWith("and", StringComparison.Ordinal) || name.StartsWith("or", StringComparison.Ordinal)
            || name.StartsWith("xor", StringComparison.Ordinal) || name.StartsWith("test", StringComparison.Ordinal) || name == "lddqu") return false;
        return true;
    }

    public static bool Available(Core c, CpuState* s, StubKind kind)
    {
        if ((kind & StubKind.General) != 0) return true;
        bool avx = (kind & StubKind.Avx) != 0;
        if (avx ? (s->Cr4 & Cr4.Xsave) == 0 || (s->Xcr0 & 6) != 6 || !c.Segmentation.IsProtected
            : (s->Cr0 & Cr0.Emulation) != 0 || ((kind & StubKind.X87) == 0 && (s->Cr4 & Cr4.Fxsr) == 0))
            return c.Raise(ExceptionVector.InvalidOpcode);
        return (s->Cr0 & Cr0.TaskSwitched) == 0 || c.Raise(ExceptionVector.DeviceNotAvailable);
    }

    private static bool RunGeneral(Core c, CpuState* s, Op* o)
    {
        if (!Operand(c, s, o, out byte* memory, out ulong address)) return false;
        SetFlagsIn(s, o);
        StubCache.Run(o->Stub, s, o, memory);
        return Complete(c, s, o, memory, address);
    }

    private static bool RunVector(Core c, CpuState* s, Op* o)
    {
        var kind = (StubKind)o->Extra;
        if (!Available(c, s, kind) || !Operand(c, s, o, out byte* memory, out ulong address)) return false;
        SetFlagsIn(s, o);
        if ((kind & StubKind.Float) == 0)
        {
            StubCache.Run(o->Stub, s, o, memory);
            return Complete(c, s, o, memory, address);
        }
        uint mxcsr = s->Mxcsr;
        s->StubMxcsr = (mxcsr | 0x1F80) & ~0x3Fu;
        if ((mxcsr & 0x1F80) == 0x1F80)
        {
            StubCache.Run(o->Stub, s, o, memory);
            s->Mxcsr |= s->StubMxcsr & 0x3F;
            return Complete(c, s, o, memory, address);
        }
        return RunUnmasked(c, s, o, memory, address);
    }

    /// <summary>With exceptions unmasked: run masked, look at what happened, and take everything back if the guest must see #XM.</summary>
    private static bool RunUnmasked(Core c, CpuState* s, Op* o, byte* memory, ulong address)
    {
        byte* saved = stackalloc byte[CpuModel.XsaveSize + 128];
        Buffer.MemoryCopy(s->Xsave, saved, CpuModel.XsaveSize, CpuModel.XsaveSize);
        Buffer.MemoryCopy(s->Registers, saved + CpuModel.XsaveSize, 128, 128);
        byte* operand = memory;
        // A store must not reach the guest before the exception is decided.
        if ((o->Flags & OpFlags.MemoryWrite) != 0) memory = s->Scratch;
        StubCache.Run(o->Stub, s, o, memory);
        uint raised = s->StubMxcsr & 0x3F, unmasked = raised & ~(s->Mxcsr >> 7) & 0x3F;
        if (unmasked == 0)
        {
            if (memory != operand) Buffer.MemoryCopy(memory, operand, 64, o->MemorySize);
            s->Mxcsr |= raised;
            return Complete(c, s, o, operand, address);
        }
        Buffer.MemoryCopy(saved, s->Xsave, CpuModel.XsaveSize, CpuModel.XsaveSize);
        Buffer.MemoryCopy(saved + CpuModel.XsaveSize, s->Registers, 128, 128);
        // [SDM1] 11.5.2.1: invalid, denormal and divide-by-zero are found before the computation, which then does not happen.
        s->Mxcsr |= (unmasked & 7) != 0 ? raised & 7 : raised;
        return c.Raise((s->Cr4 & Cr4.SimdExceptions) != 0 ? ExceptionVector.Simd : ExceptionVector.InvalidOpcode);
    }

    private static bool RunMmx(Core c, CpuState* s, Op* o)
    {
        if (!Available(c, s, StubKind.X87) || X87.IsPending(s) && !X87.Report(c, s)) return false;
        if (!Operand(c, s, o, out byte* memory, out ulong address)) return false;
        (ushort fop, ulong fip, ulong fdp) = (s->Fop, s->Fip, s->Fdp);
        uint mxcsr = s->Mxcsr;
        s->Mxcsr = (mxcsr | 0x1F80) & ~0x3Fu;
        StubCache.Run(o->Stub, s, o, memory);
        uint raised = s->Mxcsr & 0x3F;
        s->Mxcsr = mxcsr | raised;
        (s->Fop, s->Fip, s->Fdp) = (fop, fip, fdp);
        if ((raised & ~(mxcsr >> 7)) != 0) return c.Raise((s->Cr4 & Cr4.SimdExceptions) != 0 ? ExceptionVector.Simd : ExceptionVector.InvalidOpcode);
        return Complete(c, s, o, memory, address);
    }

    private static void SetFlagsIn(CpuState* s, Op* o)
    {
        if ((o->Extra & (byte)StubKind.Flags) != 0) s->StubFlags = Flags.Status(s) | RFlags.Fixed | RFlags.Interrupt;
    }

    /// <summary>Finds the memory operand: guest RAM itself, or the scratch buffer when it crosses pages or is device memory.</summary>
    public static bool Operand(Core c, CpuState* s, Op* o, out byte* memory, out ulong address)
    {
        memory = s->Scratch;
        address = 0;
        if ((o->Flags & OpFlags.Memory) == 0) return true;
        bool write = (o->Flags & OpFlags.MemoryWrite) != 0;
        int size = o->MemorySize;
        if (!Access.Address(c, s, o, size, write, out address)) return false;
        if ((o->Flags & OpFlags.Aligned) != 0 && (address & (ulong)(size - 1)) != 0) return c.Raise(ExceptionVector.GeneralProtection);
        byte* direct = c.Mmu.Direct(address, size, write);
        if (direct != null)
        {
            memory = direct;
            return true;
        }
        if (write && !c.Mmu.Probe(address, size, o->Segment, AccessKind.Write)) return false;
        return (o->Flags & OpFlags.MemoryRead) == 0 || c.Mmu.ReadBytes(address, memory, size, o->Segment);
    }

    /// <summary>Stores the memory result and takes the flags.</summary>
    public static bool Complete(Core c, CpuState* s, Op* o, byte* memory, ulong address)
    {
        if ((o->Flags & OpFlags.MemoryWrite) != 0)
        {
            if (memory != s->Scratch) Access.Written(c, s, memory);
            else if (!c.Mmu.WriteBytes(address, memory, o->MemorySize, o->Segment)) return false;
        }
        if ((o->Extra & (byte)StubKind.Flags) != 0) Flags.SetStatus(s, s->StubFlags);
        return true;
    }
}
