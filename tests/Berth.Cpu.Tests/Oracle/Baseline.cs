using Iced.Intel;

namespace Berth.Cpu.Tests.Oracle;

/// <summary>Which opcode forms belong to the baseline model and may run on the host inside the test process.</summary>
internal static class Baseline
{
    private static readonly HashSet<CpuidFeature> s_features =
    [
        CpuidFeature.INTEL8086, CpuidFeature.INTEL186, CpuidFeature.INTEL286, CpuidFeature.INTEL386, CpuidFeature.INTEL486, CpuidFeature.X64,
        CpuidFeature.ADX, CpuidFeature.AES, CpuidFeature.AVX, CpuidFeature.AVX2, CpuidFeature.BMI1, CpuidFeature.BMI2, CpuidFeature.CLFLUSHOPT,
        CpuidFeature.CLFSH, CpuidFeature.CMOV, CpuidFeature.CMPXCHG16B, CpuidFeature.CX8, CpuidFeature.F16C, CpuidFeature.FMA, CpuidFeature.FPU,
        CpuidFeature.FPU287, CpuidFeature.FPU387, CpuidFeature.LZCNT, CpuidFeature.MMX, CpuidFeature.MOVBE, CpuidFeature.MULTIBYTENOP,
        CpuidFeature.FXSR, CpuidFeature.PAUSE, CpuidFeature.PCLMULQDQ, CpuidFeature.POPCNT, CpuidFeature.PREFETCHW, CpuidFeature.SHA, CpuidFeature.SSE, CpuidFeature.SSE2,
        CpuidFeature.SSE3, CpuidFeature.SSE4_1, CpuidFeature.SSE4_2, CpuidFeature.SSSE3,
    ];

    /// <summary>Forms left out: not deterministic, privileged, dependent on the host's own tables, or dangerous to the test process.</summary>
    private static readonly HashSet<Mnemonic> s_excluded =
    [
        Mnemonic.Cpuid, Mnemonic.Rdtsc, Mnemonic.Rdtscp, Mnemonic.Syscall, Mnemonic.Sysenter, Mnemonic.Int, Mnemonic.Int1, Mnemonic.Int3, Mnemonic.Into,
        Mnemonic.In, Mnemonic.Out, Mnemonic.Insb, Mnemonic.Insw, Mnemonic.Insd, Mnemonic.Outsb, Mnemonic.Outsw, Mnemonic.Outsd, Mnemonic.Ud0, Mnemonic.Ud1,
        Mnemonic.Ud2, Mnemonic.Std, Mnemonic.Popf, Mnemonic.Popfd, Mnemonic.Popfq, Mnemonic.Lar, Mnemonic.Lsl, Mnemonic.Verr, Mnemonic.Verw, Mnemonic.Sgdt,
        Mnemonic.Sidt, Mnemonic.Sldt, Mnemonic.Str, Mnemonic.Smsw, Mnemonic.Rdpmc, Mnemonic.Cli, Mnemonic.Sti, Mnemonic.Lfs, Mnemonic.Lgs, Mnemonic.Lss,
        Mnemonic.Call, Mnemonic.Jmp, Mnemonic.Ret, Mnemonic.Retf, Mnemonic.Iret, Mnemonic.Iretd, Mnemonic.Iretq, Mnemonic.Enter, Mnemonic.Leave,
        Mnemonic.Clui, Mnemonic.Sysret, Mnemonic.Sysretq, Mnemonic.Hlt, Mnemonic.Wait, Mnemonic.Db, Mnemonic.Dw, Mnemonic.Dd, Mnemonic.Dq,
        Mnemonic.Fstenv, Mnemonic.Fsave, Mnemonic.Fnsetpm, Mnemonic.Fsetpm, Mnemonic.Fneni, Mnemonic.Fndisi, Mnemonic.Feni, Mnemonic.Fdisi,
    ];

    /// <summary>Forms that may leave exceptions unmasked: fine alone, but not before another instruction on the host.</summary>
    public static bool ChangesMasks(Mnemonic mnemonic) => mnemonic is Mnemonic.Ldmxcsr or Mnemonic.Vldmxcsr or Mnemonic.Fldcw or Mnemonic.Fldenv
        or Mnemonic.Frstor or Mnemonic.Fxrstor or Mnemonic.Fxrstor64 || HasImage(mnemonic);

    /// <summary>Forms that store an x87 image with instruction and data pointers, which are not compared.</summary>
    public static bool HasImage(Mnemonic mnemonic) => mnemonic is Mnemonic.Fnstenv or Mnemonic.Fnsave or Mnemonic.Fxsave or Mnemonic.Fxsave64;

    /// <summary>Every form to be compared with the host.</summary>
    public static IEnumerable<Code> Forms() => Enum.GetValues<Code>().Where(Runs);

    private static bool Runs(Code code)
    {
        OpCodeInfo info = code.ToOpCode();
        if (!info.IsInstruction || !info.Mode64 || info.IsPrivileged || info.IsReservedNop || info.RequireOpMaskRegister) return false;
        if (s_excluded.Contains(code.Mnemonic()) || info.Fwait) return false;
        if (code.FlowControl() != FlowControl.Next) return false;
        if (!code.CpuidFeatures().All(s_features.Contains)) return false;
        for (int k = 0; k < info.OpCount; k++)
        {
            if (info.GetOpKind(k) is OpCodeOperandKind.seg_reg or OpCodeOperandKind.cr_reg or OpCodeOperandKind.dr_reg or OpCodeOperandKind.tr_reg
                or OpCodeOperandKind.es or OpCodeOperandKind.cs or OpCodeOperandKind.ss or OpCodeOperandKind.ds or OpCodeOperandKind.fs or OpCodeOperandKind.gs) return false;
        }
        return true;
    }
}
