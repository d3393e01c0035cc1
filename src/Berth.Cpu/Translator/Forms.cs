using System.Runtime.Intrinsics.X86;
using Berth.Cpu.Interpreter;
using Iced.Intel;

namespace Berth.Cpu.Translator;

/// <summary>Chooses the form of each instruction: one line per mnemonic or group.</summary>
internal static class Forms
{
    private static readonly FormInfo?[] s_known = new FormInfo?[Enum.GetValues<Code>().Length];

    [ThreadStatic] private static InstructionInfoFactory? t_factory;

    private static readonly HashSet<Mnemonic> s_copied =
    [
        Mnemonic.Add, Mnemonic.Or, Mnemonic.Adc, Mnemonic.Sbb, Mnemonic.And, Mnemonic.Sub, Mnemonic.Xor, Mnemonic.Cmp, Mnemonic.Test, Mnemonic.Inc, Mnemonic.Dec,
        Mnemonic.Neg, Mnemonic.Not, Mnemonic.Shl, Mnemonic.Sal, Mnemonic.Shr, Mnemonic.Sar, Mnemonic.Rol, Mnemonic.Ror, Mnemonic.Rcl, Mnemonic.Rcr, Mnemonic.Shld,
        Mnemonic.Shrd, Mnemonic.Mov, Mnemonic.Movzx, Mnemonic.Movsx, Mnemonic.Movsxd, Mnemonic.Imul, Mnemonic.Mul, Mnemonic.Bsf, Mnemonic.Bsr, Mnemonic.Tzcnt,
        Mnemonic.Lzcnt, Mnemonic.Popcnt, Mnemonic.Bt, Mnemonic.Bts, Mnemonic.Btr, Mnemonic.Btc, Mnemonic.Bswap, Mnemonic.Xchg, Mnemonic.Xadd, Mnemonic.Cmpxchg,
        Mnemonic.Cmpxchg8b, Mnemonic.Cmpxchg16b, Mnemonic.Cbw, Mnemonic.Cwde, Mnemonic.Cdqe, Mnemonic.Cwd, Mnemonic.Cdq, Mnemonic.Cqo, Mnemonic.Clc, Mnemonic.Stc,
        Mnemonic.Cmc, Mnemonic.Lahf, Mnemonic.Sahf, Mnemonic.Movbe, Mnemonic.Movnti, Mnemonic.Andn, Mnemonic.Bextr, Mnemonic.Blsi, Mnemonic.Blsmsk, Mnemonic.Blsr,
        Mnemonic.Bzhi, Mnemonic.Mulx, Mnemonic.Pdep, Mnemonic.Pext, Mnemonic.Rorx, Mnemonic.Sarx, Mnemonic.Shlx, Mnemonic.Shrx, Mnemonic.Adcx, Mnemonic.Adox,
        Mnemonic.Crc32, Mnemonic.Lfence, Mnemonic.Mfence, Mnemonic.Sfence,
        Mnemonic.Seta, Mnemonic.Setae, Mnemonic.Setb, Mnemonic.Setbe, Mnemonic.Sete, Mnemonic.Setg, Mnemonic.Setge, Mnemonic.Setl, Mnemonic.Setle, Mnemonic.Setne,
        Mnemonic.Setno, Mnemonic.Setnp, Mnemonic.Setns, Mnemonic.Seto, Mnemonic.Setp, Mnemonic.Sets,
        Mnemonic.Cmova, Mnemonic.Cmovae, Mnemonic.Cmovb, Mnemonic.Cmovbe, Mnemonic.Cmove, Mnemonic.Cmovg, Mnemonic.Cmovge, Mnemonic.Cmovl, Mnemonic.Cmovle,
        Mnemonic.Cmovne, Mnemonic.Cmovno, Mnemonic.Cmovnp, Mnemonic.Cmovns, Mnemonic.Cmovo, Mnemonic.Cmovp, Mnemonic.Cmovs,
    ];

    /// <summary>Needs the x87 registers; see <see cref="FormInfo.Vector"/>.</summary>
    public const int FloatingPoint = 4;

    // Partial accesses under a mask are the interpreter's; MXCSR has rules of its own.
    private static readonly HashSet<Mnemonic> s_excluded =
    [
        Mnemonic.Maskmovq, Mnemonic.Maskmovdqu, Mnemonic.Vmaskmovdqu, Mnemonic.Vmaskmovps, Mnemonic.Vmaskmovpd, Mnemonic.Vpmaskmovd, Mnemonic.Vpmaskmovq,
    ];

    private static readonly HashSet<Mnemonic> s_nothing =
    [
        Mnemonic.Nop, Mnemonic.Reservednop, Mnemonic.Endbr32, Mnemonic.Endbr64, Mnemonic.Prefetch, Mnemonic.Prefetchw, Mnemonic.Prefetcht0, Mnemonic.Prefetcht1,
        Mnemonic.Prefetcht2, Mnemonic.Prefetchnta, Mnemonic.Prefetchwt1,
    ];

    private static bool HostHas(CpuidFeature feature) => feature switch
    {
        CpuidFeature.SHA => (X86Base.CpuId(7, 0).Ebx >> 29 & 1) != 0,
        CpuidFeature.ADX => (X86Base.CpuId(7, 0).Ebx >> 19 & 1) != 0,
        CpuidFeature.MOVBE => (X86Base.CpuId(1, 0).Ecx >> 22 & 1) != 0,
        CpuidFeature.F16C => (X86Base.CpuId(1, 0).Ecx >> 29 & 1) != 0,
        CpuidFeature.AES => Aes.IsSupported,
        CpuidFeature.PCLMULQDQ => Pclmulqdq.IsSupported,
        CpuidFeature.POPCNT => System.Runtime.Intrinsics.X86.Popcnt.IsSupported,
        CpuidFeature.LZCNT => System.Runtime.Intrinsics.X86.Lzcnt.IsSupported,
        _ => true,
    };

    private static readonly FormInfo s_bitTest = new(Form.BitString, Writes: false, 0, 0), s_bitChange = new(Form.BitString, Writes: true, 0, 0);

    public static FormInfo Get(in Instruction i)
    {
        if (i.IsInvalid) return FormInfo.Interpret;
        FormInfo form = s_known[(int)i.Code] ??= Make(i);
        // A bit number in a register reaches beyond the operand.
        if (form.Form == Form.Copy && i.Op0Kind == OpKind.Memory && i.Op1Kind == OpKind.Register && i.Mnemonic is Mnemonic.Bt or Mnemonic.Bts or Mnemonic.Btr or Mnemonic.Btc)
            return i.Mnemonic == Mnemonic.Bt ? s_bitTest : s_bitChange;
        return form;
    }

    private static FormInfo Make(in Instruction i)
    {
        Form form = Choose(i, out int vector);
        if (form == Form.Interpret) return FormInfo.Interpret;
        InstructionInfo info = (t_factory ??= new InstructionInfoFactory()).GetInfo(i, InstructionInfoOptions.NoRegisterUsage);
        OpCodeInfo code = i.Code.ToOpCode();
        bool writes = false;
        int written = 0;
        for (int k = 0; k < i.OpCount; k++)
        {
            if (info.GetOpAccess(k) is not (OpAccess.Write or OpAccess.ReadWrite or OpAccess.CondWrite or OpAccess.ReadCondWrite)) continue;
            written |= 1 << k;
            // One code stands for the register and the memory form.
            writes |= IsMemoryKind(code.GetOpKind(k));
        }
        return new FormInfo(form, writes, written, vector);
    }

    private static bool IsMemoryKind(OpCodeOperandKind kind)
    {
        string name = kind.ToString();
        return name == "mem" || name.EndsWith("_or_mem", StringComparison.Ordinal);
    }

    private static Form Choose(in Instruction i, out int vector)
    {
        vector = 0;
        switch (i.Mnemonic)
        {
            case Mnemonic.Lea: return Form.LoadAddress;
            case Mnemonic.Push: return i.Code is Code.Push_r64 or Code.Pushq_imm32 or Code.Pushq_imm8 ? Form.Push : i.Code == Code.Push_rm64 ? Form.PushMemory : Form.Interpret;
            case Mnemonic.Pop: return i.Code == Code.Pop_r64 ? Form.Pop : Form.Interpret;
            case Mnemonic.Leave: return i.Code == Code.Leaveq ? Form.Leave : Form.Interpret;
            case Mnemonic.Call: return i.Code == Code.Call_rel32_64 ? Form.Call : i.Code == Code.Call_rm64 ? Form.CallIndirect : Form.Interpret;
            case Mnemonic.Jmp: return i.Code is Code.Jmp_rel8_64 or Code.Jmp_rel32_64 ? Form.Jump : i.Code == Code.Jmp_rm64 ? Form.JumpIndirect : Form.Interpret;
            case Mnemonic.Ret: return i.Code is Code.Retnq or Code.Retnq_imm16 ? Form.Return : Form.Interpret;
            case Mnemonic.Div or Mnemonic.Idiv: return i.Code is Code.Div_rm32 or Code.Div_rm64 or Code.Idiv_rm32 or Code.Idiv_rm64 ? Form.Divide : Form.Interpret;
            case Mnemonic.Jrcxz or Mnemonic.Loop: return i.Code is Code.Jrcxz_rel8_64 or Code.Loop_rel8_64_RCX ? Form.Counter : Form.Interpret;
            case Mnemonic.Pushfq: return Form.PushFlags;
            case Mnemonic.Cli: return Form.DisableInterrupts;
            case Mnemonic.Cld: return Form.Direction;
            case Mnemonic.Swapgs: return Form.SwapGs;
            case Mnemonic.Sti: return Form.EnableInterrupts;
            case Mnemonic.Stac or Mnemonic.Clac: return Form.AccessUser;
            case Mnemonic.Mov when i.Code is Code.Mov_r32m16_Sreg or Code.Mov_r64m16_Sreg: return i.Op0Kind == OpKind.Register ? Form.ReadSelector : Form.Interpret;
            case Mnemonic.Fldcw:
                vector = FloatingPoint;
                return Form.LoadControl;
            case Mnemonic.Vzeroupper:
                vector = 2;
                return Form.Copy;
        }
        if (s_nothing.Contains(i.Mnemonic)) return Form.Nothing;
        if (i.FlowControl == FlowControl.ConditionalBranch) return i.Op0Kind == OpKind.NearBranch64 && i.ConditionCode != ConditionCode.None ? Form.JumpIf : Form.Interpret;
        if (i.FlowControl != FlowControl.Next || i.IsStringInstruction || i.IsVsib || i.IsPrivileged || UsesSystemRegister(i)) return Form.Interpret;
        foreach (CpuidFeature feature in i.CpuidFeatures)
        {
            if (!HostHas(feature)) return Form.Interpret;
        }
        if (IsFloatingPoint(i))
        {
            vector = FloatingPoint | (HostOps.UsesVector(i) ? 1 : 0);
            return Form.Copy;
        }
        if (s_copied.Contains(i.Mnemonic) && !HostOps.UsesVector(i)) return IsOffset(i) ? Form.Interpret : Form.Copy;
        if (!HostOps.UsesVector(i) || HostOps.UsesMm(i) || s_excluded.Contains(i.Mnemonic) || !HostOps.IsOffered(i) || i.Encoding is not (EncodingKind.Legacy or EncodingKind.VEX))
            return Form.Interpret;
        vector = i.Encoding == EncodingKind.VEX ? 2 : 1;
        return Form.Copy;
    }

    /// <summary>x87 and MMX instructions that neither load control words nor move whole states.</summary>
    private static bool IsFloatingPoint(in Instruction i)
    {
        if (i.Mnemonic is Mnemonic.Fnstenv or Mnemonic.Fldenv or Mnemonic.Fnsave or Mnemonic.Frstor or Mnemonic.Maskmovq || !HostOps.IsOffered(i)) return false;
        return i.Mnemonic is Mnemonic.Wait or Mnemonic.Emms || HostOps.UsesMm(i) || HostOps.UsesX87(i);
    }

    private static bool IsOffset(in Instruction i) => i.Code is Code.Mov_AL_moffs8 or Code.Mov_AX_moffs16 or Code.Mov_EAX_moffs32 or Code.Mov_RAX_moffs64
        or Code.Mov_moffs8_AL or Code.Mov_moffs16_AX or Code.Mov_moffs32_EAX or Code.Mov_moffs64_RAX;

    private static bool UsesSystemRegister(in Instruction i)
    {
        for (int k = 0; k < i.OpCount; k++)
        {
            if (i.GetOpKind(k) == OpKind.Register && (i.GetOpRegister(k).IsSegmentRegister() || i.GetOpRegister(k).IsCR() || i.GetOpRegister(k).IsDR() || i.GetOpRegister(k).IsTR()))
                return true;
        }
        return false;
    }
}
