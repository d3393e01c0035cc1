using System.Runtime.InteropServices;
using Berth.Cpu.State;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Cpu.Host;

/// <summary>Generates stubs. Called as f(state: RDI, op: RSI, memory operand: RDX); operand registers are found through the op, so one stub
/// serves all register numbers. R11 keeps the memory operand; XMM1-4 and R8-R10 take operands in order.</summary>
internal static class StubCode
{
    private const int High = CpuState.YmmHighOffset - CpuState.XmmOffset;

    private static readonly int s_operandA = (int)Marshal.OffsetOf<Op>(nameof(Op.A));

    private static readonly Register[] s_general = [Register.R8, Register.R9, Register.R10, Register.RAX];

    /// <summary>The instruction with its vector and general operands in the stub's registers.</summary>
    public static Instruction Normalize(in Instruction instruction, StubKind kind)
    {
        Instruction i = instruction;
        i.IP = 0;
        i.HasLockPrefix = i.HasRepPrefix = i.HasRepnePrefix = false;
        i.SegmentPrefix = Register.None;
        for (int k = 0; k < i.OpCount; k++)
        {
            if (i.GetOpKind(k) == OpKind.Memory)
            {
                i.MemoryBase = Register.R11;
                i.MemoryIndex = Register.None;
                i.MemoryIndexScale = 1;
                i.MemoryDisplacement64 = 0;
                i.MemoryDisplSize = 0;
            }
            if (i.GetOpKind(k) != OpKind.Register || IsImplicit(i, k)) continue;
            Register r = i.GetOpRegister(k);
            // With x87 state the whole register file is loaded, so vector registers keep their names.
            if (r.IsVectorRegister() && kind.HasFlag(StubKind.X87)) continue;
            if (r.IsXMM()) i.SetOpRegister(k, Register.XMM1 + k);
            else if (r.IsYMM()) i.SetOpRegister(k, Register.YMM1 + k);
            else if (r.IsGPR64()) i.SetOpRegister(k, s_general[k]);
            else if (r.IsGPR32()) i.SetOpRegister(k, Register.R8D + k);
            else if (r.IsGPR16()) i.SetOpRegister(k, Register.R8W + k);
            else if (r.IsGPR8()) i.SetOpRegister(k, Register.R8L + k);
        }
        return i;
    }

    // Fixed operands (AX of FNSTSW, XMM0 of BLENDV, …) are not encoded and must stay.
    private static bool IsImplicit(in Instruction i, int k) => i.Code.ToOpCode().GetOpKind(k) is OpCodeOperandKind.ax or OpCodeOperandKind.eax
        or OpCodeOperandKind.rax or OpCodeOperandKind.al or OpCodeOperandKind.cl or OpCodeOperandKind.dx || (i.GetOpRegister(k) == Register.XMM0 && IsXmm0Implicit(i, k));

    private static bool IsXmm0Implicit(in Instruction i, int k) => k == 2 && i.Mnemonic is Mnemonic.Blendvps or Mnemonic.Blendvpd or Mnemonic.Pblendvb or Mnemonic.Sha256rnds2;

    public static byte[] Emit(in Instruction original, in Instruction normal, StubKind kind, nint address)
    {
        var a = new Assembler(64);
        var factory = new InstructionInfoFactory();
        InstructionInfo info = factory.GetInfo(original);
        bool avx = kind.HasFlag(StubKind.Avx), float_ = kind.HasFlag(StubKind.Float), x87 = kind.HasFlag(StubKind.X87), flags = kind.HasFlag(StubKind.Flags);
        a.mov(r11, rdx);
        if (x87) a.fxrstor64(__byte_ptr[rdi + CpuState.XsaveOffset]);
        for (int k = 0; k < original.OpCount; k++) Transfer(a, original, k, kind, load: true);
        Implicit(a, original, info, avx, load: true);
        if (float_) a.ldmxcsr(__dword_ptr[rdi + CpuState.StubMxcsrOffset]);
        if (flags)
        {
            a.push(__qword_ptr[rdi + CpuState.StubFlagsOffset]);
            a.popfq();
        }
        a.AddInstruction(normal);
        if (flags)
        {
            a.pushfq();
            a.pop(__qword_ptr[rdi + CpuState.StubFlagsOffset]);
        }
        if (float_)
        {
            a.stmxcsr(__dword_ptr[rdi + CpuState.StubMxcsrOffset]);
            a.ldmxcsr(__dword_ptr[rdi + CpuState.HostMxcsrOffset]);
        }
        if (x87)
        {
            a.fxsave64(__byte_ptr[rdi + CpuState.XsaveOffset]);
            a.fninit();
            a.ldmxcsr(__dword_ptr[rdi + CpuState.HostMxcsrOffset]);
        }
        Implicit(a, original, info, avx, load: false);
        // Descending, so that with equal destinations the first operand wins, as with MULX.
        for (int k = original.OpCount - 1; k >= 0; k--)
        {
            if (info.GetOpAccess(k) is OpAccess.Write or OpAccess.ReadWrite or OpAccess.CondWrite or OpAccess.ReadCondWrite) Transfer(a, original, k, kind, load: false);
        }
        if (avx) a.vzeroupper();
        a.ret();
        var code = new CodeBytes();
        a.Assemble(code, (ulong)address);
        return code.Span.ToArray();
    }

    private static void Transfer(Assembler a, in Instruction i, int k, StubKind kind, bool load)
    {
        if (i.GetOpKind(k) != OpKind.Register || IsImplicit(i, k)) return;
        Register r = i.GetOpRegister(k);
        bool vector = r.IsXMM() || r.IsYMM();
        bool avx = kind.HasFlag(StubKind.Avx);
        if (vector ? kind.HasFlag(StubKind.X87) : !r.IsGPR()) return;
        a.movzx(eax, __word_ptr[rsi + s_operandA + (k * 2)]);
        if (!vector)
        {
            var general = new AssemblerRegister64(s_general[k]);
            if (i.GetOpRegister(k).IsGPR8())
            {
                if (load) a.movzx(new AssemblerRegister32(Register.R8D + k), __byte_ptr[rdi + rax]);
                else a.mov(__byte_ptr[rdi + rax], new AssemblerRegister8(Register.R8L + k));
            }
            else if (load) a.mov(general, __qword_ptr[rdi + rax]);
            else a.mov(__qword_ptr[rdi + rax], general);
            return;
        }
        var x = new AssemblerRegisterXMM(Register.XMM1 + k);
        var y = new AssemblerRegisterYMM(Register.YMM1 + k);
        if (!avx)
        {
            if (load) a.movups(x, __xmmword_ptr[rdi + rax]);
            else a.movups(__xmmword_ptr[rdi + rax], x);
        }
        else if (load)
        {
            a.vmovups(x, __xmmword_ptr[rdi + rax]);
            if (r.IsYMM()) a.vinsertf128(y, y, __xmmword_ptr[rdi + rax + High], 1);
        }
        else
        {
            a.vmovups(__xmmword_ptr[rdi + rax], x);
            a.vextractf128(__xmmword_ptr[rdi + rax + High], y, 1);
        }
    }

    /// <summary>RAX, RCX, RDX and XMM0 where the instruction uses them without naming them.</summary>
    private static void Implicit(Assembler a, in Instruction i, in InstructionInfo info, bool avx, bool load)
    {
        foreach (UsedRegister used in info.GetUsedRegisters())
        {
            Register full = used.Register.IsVectorRegister() ? Register.XMM0 + used.Register.GetNumber() : used.Register.GetFullRegister();
            if (full is not (Register.RAX or Register.RCX or Register.RDX or Register.XMM0) || IsOnlyExplicit(i, full)) continue;
            bool written = used.Access is OpAccess.Write or OpAccess.ReadWrite or OpAccess.CondWrite or OpAccess.ReadCondWrite;
            if (!load && !written) continue;
            if (full == Register.XMM0)
            {
                if (load) a.movups(xmm0, __xmmword_ptr[rdi + CpuState.XmmOffset]);
                else if (!avx) a.movups(__xmmword_ptr[rdi + CpuState.XmmOffset], xmm0);
                else
                {
                    a.vmovups(__xmmword_ptr[rdi + CpuState.XmmOffset], xmm0);
                    a.vextractf128(__xmmword_ptr[rdi + CpuState.YmmHighOffset], ymm0, 1);
                }
                continue;
            }
            var register = new AssemblerRegister64(full);
            AssemblerMemoryOperand place = __qword_ptr[rdi + ((full - Register.RAX) * 8)];
            if (load) a.mov(register, place);
            else a.mov(place, register);
        }
    }

    private static bool IsOnlyExplicit(in Instruction i, Register full) => full switch
    {
        Register.XMM0 => i.Mnemonic is not (Mnemonic.Blendvps or Mnemonic.Blendvpd or Mnemonic.Pblendvb or Mnemonic.Sha256rnds2 or Mnemonic.Pcmpestrm
            or Mnemonic.Pcmpistrm or Mnemonic.Vpcmpestrm or Mnemonic.Vpcmpistrm or Mnemonic.Pcmpestrm64 or Mnemonic.Vpcmpestrm64),
        Register.RAX => i.Mnemonic is not (Mnemonic.Pcmpestri or Mnemonic.Pcmpestrm or Mnemonic.Vpcmpestri or Mnemonic.Vpcmpestrm or Mnemonic.Pcmpestri64
            or Mnemonic.Pcmpestrm64 or Mnemonic.Vpcmpestri64 or Mnemonic.Vpcmpestrm64),
        Register.RCX => i.Mnemonic is not (Mnemonic.Pcmpestri or Mnemonic.Pcmpistri or Mnemonic.Vpcmpestri or Mnemonic.Vpcmpistri
            or Mnemonic.Pcmpestri64 or Mnemonic.Vpcmpestri64),
        _ => i.Mnemonic is not (Mnemonic.Pcmpestri or Mnemonic.Pcmpestrm or Mnemonic.Vpcmpestri or Mnemonic.Vpcmpestrm or Mnemonic.Mulx or Mnemonic.Pcmpestri64
            or Mnemonic.Pcmpestrm64 or Mnemonic.Vpcmpestri64 or Mnemonic.Vpcmpestrm64),
    };

    /// <summary>f(target: RDI, pair: RSI) → AL.</summary>
    public static byte[] CompareExchange16(nint address)
    {
        var a = new Assembler(64);
        a.push(rbx);
        a.mov(rax, __qword_ptr[rsi]);
        a.mov(rdx, __qword_ptr[rsi + 8]);
        a.mov(rbx, __qword_ptr[rsi + 16]);
        a.mov(rcx, __qword_ptr[rsi + 24]);
        a.@lock.cmpxchg16b(__xmmword_ptr[rdi]);
        a.mov(__qword_ptr[rsi], rax);
        a.mov(__qword_ptr[rsi + 8], rdx);
        a.sete(al);
        a.pop(rbx);
        a.ret();
        var code = new CodeBytes();
        a.Assemble(code, (ulong)address);
        return code.Span.ToArray();
    }
}
