using Berth.Cpu.Host;
using Berth.Cpu.Interpreter;
using Berth.Cpu.State;
using Iced.Intel;

namespace Berth.Cpu.Tests.Oracle;

/// <summary>Every form of the baseline has a handler, privileged ones included.</summary>
public sealed unsafe class CoverageTests
{
    private static readonly HashSet<CpuidFeature> s_more =
    [
        CpuidFeature.FSGSBASE, CpuidFeature.FXSR, CpuidFeature.INVPCID, CpuidFeature.MSR, CpuidFeature.RDPID, CpuidFeature.RDPMC, CpuidFeature.RDRAND,
        CpuidFeature.RDSEED, CpuidFeature.RDTSCP, CpuidFeature.SEP, CpuidFeature.SMAP, CpuidFeature.SYSCALL, CpuidFeature.TSC, CpuidFeature.XSAVE,
        CpuidFeature.XSAVEOPT, CpuidFeature.CPUID, CpuidFeature.INTEL8086, CpuidFeature.INTEL186, CpuidFeature.INTEL286, CpuidFeature.INTEL386,
        CpuidFeature.INTEL486, CpuidFeature.X64,
    ];

    // Undefined by definition, or absent from every processor of the baseline.
    private static readonly HashSet<Mnemonic> s_absent = [Mnemonic.Ud0, Mnemonic.Ud1, Mnemonic.Ud2, Mnemonic.Rsm, Mnemonic.Loadall, Mnemonic.Getsec];

    [Fact]
    public void EveryBaselineForm_HasAHandler()
    {
        if (!StubCache.IsSupported) Assert.Skip("Without host stubs x87 and vector forms have no handler.");
        using var stubs = new StubCache();
        delegate*<Core, CpuState*, Op*, bool> undefined = &SystemOps.Undefined;
        var missing = new List<string>();
        HashSet<Code> user = [.. Baseline.Forms()];
        int forms = 0;
        foreach (Code code in Enum.GetValues<Code>())
        {
            OpCodeInfo info = code.ToOpCode();
            if (!info.IsInstruction || info.IsReservedNop || s_absent.Contains(code.Mnemonic()) || info.RequireOpMaskRegister) continue;
            if (!user.Contains(code) && !code.CpuidFeatures().All(s_more.Contains)) continue;
            int mode = info.Mode64 ? 2 : info.Mode32 ? 1 : 0;
            if (!info.Mode64 && !info.Mode32 && !info.Mode16) continue;
            forms++;
            Instruction i = default;
            i.Code = code;
            if (!Operands(ref i, info)) continue;
            Op op = default;
            Dispatch.Bind(i, &op, mode, stubs, out _);
            if ((nint)op.Run == (nint)undefined) missing.Add(code.ToString());
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{forms} forms, without handler: {string.Join(' ', missing)}");
        Assert.Empty(missing);
    }

    /// <summary>Operands of the right kind; their values do not matter here.</summary>
    private static bool Operands(ref Instruction i, OpCodeInfo info)
    {
        i.MemoryIndexScale = 1;
        for (int k = 0; k < info.OpCount; k++)
        {
            string name = info.GetOpKind(k).ToString();
            Register register = name switch
            {
                "al" or "ax" or "eax" or "rax" or "cl" or "dx" or "es" or "cs" or "ss" or "ds" or "fs" or "gs" or "st0" => Enum.Parse<Register>(name, ignoreCase: true),
                "sti_opcode" => Register.ST1,
                "seg_reg" => Register.FS,
                "cr_reg" => Register.CR0,
                "dr_reg" => Register.DR0,
                _ => name.Split('_')[0] switch
                {
                    "r8" => Register.BL,
                    "r16" => Register.BX,
                    "r32" => Register.EBX,
                    "r64" => Register.RBX,
                    "mm" => Register.MM1,
                    "xmm" => Register.XMM1 + k,
                    "ymm" => Register.YMM1 + k,
                    _ => Register.None,
                },
            };
            if (register != Register.None)
            {
                i.SetOpKind(k, OpKind.Register);
                i.SetOpRegister(k, register);
                continue;
            }
            if (name.StartsWith("mem", StringComparison.Ordinal) || name == "seg_rBX_al")
            {
                i.SetOpKind(k, OpKind.Memory);
                i.MemoryBase = info.Mode64 ? Register.RBX : Register.EBX;
                if (name.StartsWith("mem_vsib", StringComparison.Ordinal)) i.MemoryIndex = Register.XMM9;
                continue;
            }
            OpKind kind = name switch
            {
                "imm8" or "imm8_const_1" => OpKind.Immediate8,
                "imm8sex16" => OpKind.Immediate8to16,
                "imm8sex32" => OpKind.Immediate8to32,
                "imm8sex64" => OpKind.Immediate8to64,
                "imm16" => OpKind.Immediate16,
                "imm32" => OpKind.Immediate32,
                "imm32sex64" => OpKind.Immediate32to64,
                "imm64" => OpKind.Immediate64,
                "seg_rSI" => OpKind.MemorySegRSI,
                "es_rDI" => OpKind.MemoryESRDI,
                "seg_rDI" => OpKind.MemorySegRDI,
                "farbr2_2" => OpKind.FarBranch16,
                "farbr4_2" => OpKind.FarBranch32,
                "br16_1" or "br16_2" => OpKind.NearBranch16,
                "br32_1" or "br32_4" => OpKind.NearBranch32,
                "br64_1" or "br64_4" => OpKind.NearBranch64,
                _ => OpKind.Register,
            };
            if (kind == OpKind.Register) return false;
            if (k == 1 && i.Mnemonic == Mnemonic.Enter) kind = OpKind.Immediate8_2nd;
            i.SetOpKind(k, kind);
        }
        return true;
    }
}
