using Iced.Intel;

namespace Berth.Cpu.Tests.Oracle;

/// <summary>Makes an instruction of a given form with random operands, and the machine state that keeps it from faulting.</summary>
internal sealed class CaseBuilder(Random random)
{
    private static readonly Register[] s_general =
    [
        Register.RAX, Register.RCX, Register.RDX, Register.RBX, Register.RBP, Register.RSI, Register.RDI, Register.R8, Register.R9, Register.R10,
        Register.R11, Register.R12, Register.R13, Register.R14, Register.R15,
    ];

    /// <summary>An instruction, or null where the form has an operand that no case can be made for.</summary>
    public Instruction? Build(Code code, MachineState state)
    {
        OpCodeInfo info = code.ToOpCode();
        Instruction i = default;
        i.Code = code;
        for (int k = 0; k < info.OpCount; k++)
        {
            if (!Operand(ref i, info, k)) return null;
        }
        if (info.CanUseLockPrefix && i.Op0Kind == OpKind.Memory && random.Next(3) == 0) i.HasLockPrefix = true;
        if (info.CanUseRepPrefix && random.Next(2) == 0) i.HasRepPrefix = true;
        else if (info.CanUseRepnePrefix && !info.CanUseHintTakenPrefix && i.IsStringInstruction && random.Next(2) == 0) i.HasRepnePrefix = true;
        Prepare(ref i, state);
        return i;
    }

    private bool Operand(ref Instruction i, OpCodeInfo info, int k)
    {
        OpCodeOperandKind kind = info.GetOpKind(k);
        string name = kind.ToString();
        switch (kind)
        {
            case OpCodeOperandKind.al: Set(ref i, k, Register.AL); return true;
            case OpCodeOperandKind.cl: Set(ref i, k, Register.CL); return true;
            case OpCodeOperandKind.ax: Set(ref i, k, Register.AX); return true;
            case OpCodeOperandKind.dx: Set(ref i, k, Register.DX); return true;
            case OpCodeOperandKind.eax: Set(ref i, k, Register.EAX); return true;
            case OpCodeOperandKind.rax: Set(ref i, k, Register.RAX); return true;
            case OpCodeOperandKind.st0: Set(ref i, k, Register.ST0); return true;
            case OpCodeOperandKind.sti_opcode: Set(ref i, k, Register.ST0 + random.Next(8)); return true;
            case OpCodeOperandKind.imm8: SetImmediate(ref i, k, OpKind.Immediate8, (ulong)random.Next(256)); return true;
            case OpCodeOperandKind.imm8_const_1: SetImmediate(ref i, k, OpKind.Immediate8, 1); return true;
            case OpCodeOperandKind.imm4_m2z: return false;
            case OpCodeOperandKind.imm8sex16: SetImmediate(ref i, k, OpKind.Immediate8to16, (ulong)(sbyte)random.Next(256)); return true;
            case OpCodeOperandKind.imm8sex32: SetImmediate(ref i, k, OpKind.Immediate8to32, (ulong)(sbyte)random.Next(256)); return true;
            case OpCodeOperandKind.imm8sex64: SetImmediate(ref i, k, OpKind.Immediate8to64, (ulong)(sbyte)random.Next(256)); return true;
            case OpCodeOperandKind.imm16: SetImmediate(ref i, k, OpKind.Immediate16, (ushort)random.Next()); return true;
            case OpCodeOperandKind.imm32: SetImmediate(ref i, k, OpKind.Immediate32, (uint)random.NextInt64()); return true;
            case OpCodeOperandKind.imm32sex64: SetImmediate(ref i, k, OpKind.Immediate32to64, (ulong)(int)random.NextInt64()); return true;
            case OpCodeOperandKind.imm64: SetImmediate(ref i, k, OpKind.Immediate64, (ulong)random.NextInt64(long.MinValue, long.MaxValue)); return true;
            case OpCodeOperandKind.seg_rSI: i.SetOpKind(k, OpKind.MemorySegRSI); return true;
            case OpCodeOperandKind.es_rDI: i.SetOpKind(k, OpKind.MemoryESRDI); return true;
            case OpCodeOperandKind.seg_rDI: i.SetOpKind(k, OpKind.MemorySegRDI); return true;
            case OpCodeOperandKind.seg_rBX_al:
                i.SetOpKind(k, OpKind.Memory);
                i.MemoryBase = Register.RBX;
                i.MemoryIndex = Register.AL;
                return true;
            case OpCodeOperandKind.mem_offs:
                i.SetOpKind(k, OpKind.Memory);
                i.MemoryDisplSize = 8;
                i.MemoryDisplacement64 = HostProcessor.Data + (ulong)random.Next(0x3000);
                return true;
        }
        bool memory = name.StartsWith("mem", StringComparison.Ordinal) || (name.EndsWith("_or_mem", StringComparison.Ordinal) && random.Next(2) == 0);
        if (memory)
        {
            i.SetOpKind(k, OpKind.Memory);
            i.MemoryIndexScale = 1;
            if (!name.StartsWith("mem_vsib", StringComparison.Ordinal)) return name is "mem" or "r8_or_mem" or "r16_or_mem" or "r32_or_mem" or "r64_or_mem" or "mm_or_mem" or "xmm_or_mem" or "ymm_or_mem";
            i.MemoryIndex = (name.EndsWith('x') ? Register.XMM0 : Register.YMM0) + random.Next(5, 10);
            return !name.EndsWith('z');
        }
        string prefix = name.Split('_')[0];
        Register register;
        switch (prefix)
        {
            case "r8": register = random.Next(4) == 0 && !NeedsRex(i) ? Register.AH + random.Next(4) : Sized(Pick(), Register.AL); break;
            case "r16": register = Sized(Pick(), Register.AX); break;
            case "r32": register = Sized(Pick(), Register.EAX); break;
            case "r64": register = Pick(); break;
            case "mm": register = Register.MM0 + random.Next(8); break;
            // Gathers need three different registers.
            case "xmm": register = Register.XMM0 + (info.IsVsib() ? (k * 11) + random.Next(5) : random.Next(16)); break;
            case "ymm": register = Register.YMM0 + (info.IsVsib() ? (k * 11) + random.Next(5) : random.Next(16)); break;
            default: return false;
        }
        if ((prefix is "xmm" or "ymm") && info.IsVsib()) register = (prefix == "xmm" ? Register.XMM0 : Register.YMM0) + (k == 0 ? random.Next(5) : random.Next(11, 16));
        Set(ref i, k, register);
        return true;
    }

    private static bool NeedsRex(in Instruction i)
    {
        for (int k = 0; k < i.OpCount; k++)
        {
            if (i.GetOpKind(k) == OpKind.Register && (i.GetOpRegister(k).GetSize() == 8 || i.GetOpRegister(k).GetNumber() > 3)) return true;
        }
        return false;
    }

    private Register Pick() => s_general[random.Next(s_general.Length)];

    private static Register Sized(Register r, Register first)
    {
        int number = r - Register.RAX;
        if (first != Register.AL) return first + number;
        return number < 4 ? Register.AL + number : Register.SPL + (number - 4);
    }

    private static void Set(ref Instruction i, int k, Register r)
    {
        i.SetOpKind(k, OpKind.Register);
        i.SetOpRegister(k, r);
    }

    private static void SetImmediate(ref Instruction i, int k, OpKind kind, ulong value)
    {
        // A second immediate has a field of its own (ENTER, EXTRQ); none of the tested forms has one.
        i.SetOpKind(k, kind);
        i.SetImmediate(k, value);
    }

    /// <summary>Aims memory operands and implicit pointers at the data pages.</summary>
    private void Prepare(ref Instruction i, MachineState state)
    {
        // Two thirds of the divisions get a dividend that fits.
        if (i.Mnemonic is Mnemonic.Div or Mnemonic.Idiv && random.Next(3) != 0) state.General[2] = random.Next(2) == 0 ? 0 : (ulong)((long)state.General[0] >> 63);
        for (int k = 0; k < i.OpCount; k++)
        {
            if (i.GetOpKind(k) == OpKind.Memory) Memory(ref i, state);
        }
        if (i.IsStringInstruction || i.Mnemonic is Mnemonic.Maskmovq or Mnemonic.Maskmovdqu or Mnemonic.Vmaskmovdqu)
        {
            state.General[6] = HostProcessor.Data + (ulong)random.Next(0x1000);
            state.General[7] = HostProcessor.Data + 0x2000 + (ulong)random.Next(0x1000);
            if (random.Next(3) == 0) state.General[7] = state.General[6] + (ulong)random.Next(-20, 20) + 0x100;
            if (i.IsStringInstruction) state.General[1] = (ulong)random.Next(40);
        }
        // [SDM2] SHLD: with a count beyond the operand size the result is undefined.
        if (i.Mnemonic is Mnemonic.Shld or Mnemonic.Shrd && i.Op1Register.GetSize() == 2)
        {
            if (i.Op2Kind == OpKind.Register) state.General[1] = (state.General[1] & ~0xFFUL) | (uint)random.Next(17);
            else i.Immediate8 = (byte)random.Next(17);
        }
        if (i.Mnemonic == Mnemonic.Xlatb) state.General[3] = HostProcessor.Data + (ulong)random.Next(0x1000);
    }

    private void Memory(ref Instruction i, MachineState state)
    {
        if (i.Mnemonic == Mnemonic.Xlatb || i.MemoryDisplSize == 8) return;
        int size = Math.Max(1, i.MemorySize.GetSize());
        bool aligned = size >= 16 || i.Mnemonic == Mnemonic.Cmpxchg16b;
        ulong target = HostProcessor.Data + (aligned ? (ulong)random.Next(0x30) * 64 : (ulong)random.Next(0x2F00));
        if (i.IsVsib)
        {
            target = HostProcessor.Data + 0x2000;
            int at = 160 + (i.MemoryIndex.GetNumber() * 16);
            for (int part = 0; part < 2; part++)
            {
                Span<byte> lane = state.Extended.AsSpan(part == 0 ? at : 576 + (i.MemoryIndex.GetNumber() * 16), 16);
                int width = i.IsVsib64 ? 8 : 4;
                for (int n = 0; n < 16; n += width)
                {
                    int value = random.Next(-0x100, 0x100);
                    if (width == 4) BitConverter.TryWriteBytes(lane[n..], value);
                    else BitConverter.TryWriteBytes(lane[n..], (long)value);
                }
            }
            i.MemoryIndexScale = 1 << random.Next(4);
        }
        if (i.Mnemonic is Mnemonic.Bt or Mnemonic.Bts or Mnemonic.Btr or Mnemonic.Btc && i.Op1Kind == OpKind.Register)
        {
            // The bit index reaches beyond the operand; keep it within the data pages.
            target = HostProcessor.Data + 0x2000;
            int number = i.Op1Register.GetFullRegister() - Register.RAX;
            state.General[number] = (ulong)random.Next(-0x7FFF, 0x7FFF);
            if (i.Op1Register.GetSize() == 2) state.General[number] &= 0xFFFF;
            i.MemoryBase = Register.RSI;
            if (number == 6) i.MemoryBase = Register.RDI;
        }
        else if ((random.Next(4) == 0 && !i.IsVsib) || Baseline.HasImage(i.Mnemonic))
        {
            i.MemoryBase = Register.RIP;
            i.MemoryDisplSize = 8;
            i.MemoryDisplacement64 = target;
            return;
        }
        else
        {
            do i.MemoryBase = Pick();
            while (i.Mnemonic is Mnemonic.Cmpxchg8b or Mnemonic.Cmpxchg16b && i.MemoryBase is Register.RBX);
        }
        int displacement = random.Next(3) == 0 ? 0 : random.Next(-0x1000, 0x1000);
        long indexed = 0;
        if (!i.IsVsib && random.Next(3) == 0)
        {
            Register index;
            do index = Pick();
            while (index == i.MemoryBase);
            bool isOperand = i.Op1Kind == OpKind.Register && i.Op1Register.GetFullRegister() == index && i.Mnemonic is Mnemonic.Bt or Mnemonic.Bts or Mnemonic.Btr or Mnemonic.Btc;
            if (!isOperand)
            {
                i.MemoryIndex = index;
                i.MemoryIndexScale = 1 << random.Next(4);
                state.General[index - Register.RAX] = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
                indexed = (long)state.General[index - Register.RAX] * i.MemoryIndexScale;
            }
        }
        i.MemoryDisplSize = displacement == 0 ? 0 : displacement is >= -128 and < 128 ? 1 : 8;
        i.MemoryDisplacement64 = (ulong)(long)displacement;
        state.General[i.MemoryBase - Register.RAX] = target - (ulong)indexed - (ulong)(long)displacement;
    }
}

internal static class OpCodeInfoExtensions
{
    public static bool IsVsib(this OpCodeInfo info)
    {
        for (int k = 0; k < info.OpCount; k++)
        {
            if (info.GetOpKind(k).ToString().StartsWith("mem_vsib", StringComparison.Ordinal)) return true;
        }
        return false;
    }
}
