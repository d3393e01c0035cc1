using Berth.Cpu.Host;
using Berth.Cpu.State;
using Iced.Intel;

namespace Berth.Cpu.Interpreter;

/// <summary>Chooses the handler of each decoded instruction: one line per mnemonic or group.</summary>
internal static unsafe class Dispatch
{
    /// <summary>Fills an operation. Returns whether it ends its block; <paramref name="branches"/> whether it then sets RIP itself.</summary>
    public static bool Bind(in Instruction i, Op* o, int codeSize, StubCache stubs, out bool branches)
    {
        branches = false;
        if (i.IsInvalid)
        {
            // More than 15 bytes is #GP, anything else that does not decode #UD.
            o->Run = i.Length >= 15 ? &SystemOps.GeneralProtection : &SystemOps.Undefined;
            return true;
        }
        Operands.Fill(i, o, codeSize);
        o->Code = (ushort)i.Code;
        o->Run = Select(i, o, codeSize);
        if (o->Run == null)
        {
            if (HostOps.Bind(i, o))
            {
                o->Stub = stubs.Get(i, (StubKind)o->Extra);
                if (o->Stub == 0) o->Run = &SystemOps.Undefined;
            }
            else o->Run = &SystemOps.Undefined;
        }
        branches = i.FlowControl is FlowControl.ConditionalBranch or FlowControl.UnconditionalBranch or FlowControl.IndirectBranch or FlowControl.Call
            or FlowControl.IndirectCall or FlowControl.Return;
        return branches || i.FlowControl is not FlowControl.Next;
    }

    private static int Width(in Instruction i)
    {
        for (int k = 0; k < i.OpCount; k++)
        {
            if (i.GetOpKind(k) == OpKind.Register) return Math.Min(i.GetOpRegister(k).GetSize(), 8);
            if (i.GetOpKind(k) == OpKind.Memory) return i.MemorySize.GetSize();
        }
        return 8;
    }

    private static Handler Binary<TOp>(in Instruction i, int width) where TOp : struct, IBinaryOp => width switch
    {
        1 => Binary<TOp, byte>.Select(i),
        2 => Binary<TOp, ushort>.Select(i),
        4 => Binary<TOp, uint>.Select(i),
        _ => Binary<TOp, ulong>.Select(i),
    };

    private static Handler Select(in Instruction i, Op* o, int codeSize)
    {
        int width = Width(i);
        switch (i.Mnemonic)
        {
            case Mnemonic.Add: return Binary<Add>(i, width);
            case Mnemonic.Or: return Binary<Or>(i, width);
            case Mnemonic.Adc: return Binary<Adc>(i, width);
            case Mnemonic.Sbb: return Binary<Sbb>(i, width);
            case Mnemonic.And: return Binary<And>(i, width);
            case Mnemonic.Sub: return Binary<Sub>(i, width);
            case Mnemonic.Xor: return Binary<Xor>(i, width);
            case Mnemonic.Cmp: return Binary<Cmp>(i, width);
            case Mnemonic.Test: return Binary<Test>(i, width);
            case Mnemonic.Inc: return Binary<Inc>(i, width);
            case Mnemonic.Dec: return Binary<Dec>(i, width);
            case Mnemonic.Neg: return Binary<Neg>(i, width);
            case Mnemonic.Not: return Binary<Not>(i, width);
            case Mnemonic.Shl or Mnemonic.Sal: return Binary<Shl>(i, width);
            case Mnemonic.Shr: return Binary<Shr>(i, width);
            case Mnemonic.Sar: return Binary<Sar>(i, width);
            case Mnemonic.Rol: return Binary<Rol>(i, width);
            case Mnemonic.Ror: return Binary<Ror>(i, width);
            case Mnemonic.Rcl: return Binary<Rcl>(i, width);
            case Mnemonic.Rcr: return Binary<Rcr>(i, width);
            case Mnemonic.Bsf: return BitScan.Select(forward: true, width);
            case Mnemonic.Bsr: return BitScan.Select(forward: false, width);
            case Mnemonic.Tzcnt: return Binary<Tzcnt>(i, width);
            case Mnemonic.Lzcnt: return Binary<Lzcnt>(i, width);
            case Mnemonic.Popcnt: return Binary<Popcnt>(i, width);
            case Mnemonic.Imul when i.OpCount == 2: return Binary<Imul>(i, width);
            case Mnemonic.Imul or Mnemonic.Mul or Mnemonic.Div or Mnemonic.Idiv: return MulDiv.Select(i, width);
            case Mnemonic.Bt or Mnemonic.Bts or Mnemonic.Btr or Mnemonic.Btc: return BitTest(i, width);
            case Mnemonic.Shld or Mnemonic.Shrd:
                o->Extra = i.Op2Kind == OpKind.Register ? (byte)1 : (byte)0;
                return Shift.SelectDouble(i, width);
            case Mnemonic.Xchg or Mnemonic.Xadd or Mnemonic.Cmpxchg or Mnemonic.Cmpxchg8b or Mnemonic.Cmpxchg16b: return Atomic.Select(i, width);
            case Mnemonic.Wait: return X87.Handler(i);
            case Mnemonic.Movsd when i.OpCount == 2 && !i.IsStringInstruction: return null;
            case Mnemonic.Cmpsd when !i.IsStringInstruction: return null;
            case Mnemonic.In or Mnemonic.Out:
                o->Extra = i.GetOpKind(i.Mnemonic == Mnemonic.In ? 1 : 0) == OpKind.Register ? (byte)1 : (byte)0;
                return PortIo.Select(i, i.GetOpRegister(i.Mnemonic == Mnemonic.In ? 0 : 1).GetSize());
        }
        if (i.ConditionCode != ConditionCode.None && i.FlowControl is FlowControl.ConditionalBranch or FlowControl.Next && Conditions(i, o, width) is var conditional && conditional != null)
            return conditional;
        if (i.IsStringInstruction)
        {
            StringOperands(i, o);
            return Strings.Select(i);
        }
        if (Branches(i, o, codeSize, out Handler branch)) return branch;
        Handler handler = SystemOps.Select(i, width);
        if (handler != null) return handler;
        o->Extra = (byte)width;
        if (i.Mnemonic is Mnemonic.Lds or Mnemonic.Les or Mnemonic.Lfs or Mnemonic.Lgs or Mnemonic.Lss)
            o->Extra = (byte)(i.Op0Register.GetSize() | (DescriptorOps.FarTarget(i.Mnemonic) << 4));
        // A 16-bit LGDT takes only 24 bits of base.
        if (i.Code is Code.Lgdt_m1632_16 or Code.Lidt_m1632_16) o->Extra = 2;
        handler = DescriptorOps.Select(i, width);
        if (handler != null) return handler;
        if (i.Mnemonic == Mnemonic.Enter) (o->Immediate, o->Extra) = (i.Immediate16, i.Immediate8_2nd);
        if (i.Mnemonic == Mnemonic.Xlatb) XlatOperands(i, o);
        handler = Move.Select(i, width);
        if (handler == null) handler = Stack.Select(i, StackWidth(i, codeSize));
        if (handler == null) handler = FlagOps.Select(i);
        if (handler == null) handler = SystemCalls.Select(i);
        if (handler == null) handler = Decimal.Select(i, width);
        if (handler == null) handler = VectorState.Select(i);
        if (handler == null) handler = VectorMemory.Select(i, o);
        if (i.Mnemonic is Mnemonic.Maskmovq or Mnemonic.Maskmovdqu or Mnemonic.Vmaskmovdqu) XlatOperands(i, o);
        return handler;
    }

    private static Handler BitTest(in Instruction i, int width)
    {
        if (i.Op0Kind == OpKind.Memory && i.Op1Kind == OpKind.Register) return BitString.Select(i, width);
        return i.Mnemonic switch
        {
            Mnemonic.Bt => Binary<Bt>(i, width),
            Mnemonic.Bts => Binary<Bts>(i, width),
            Mnemonic.Btr => Binary<Btr>(i, width),
            _ => Binary<Btc>(i, width),
        };
    }

    private static Handler Conditions(in Instruction i, Op* o, int width)
    {
        o->Extra = BranchWidth(i);
        // FCMOVcc and the like carry a condition too but run on the host.
        if (i.OpCount > 0 && i.Op0Kind == OpKind.Register && i.Op0Register.IsST()) return null;
        if (i.FlowControl == FlowControl.ConditionalBranch && Conditional.SelectCounter(i) is var loop && loop != null)
        {
            o->AddressSize = CounterWidth(i);
            return loop;
        }
        return Conditional.Select(i, width);
    }

    private static byte BranchWidth(in Instruction i) => i.Op0Kind switch { OpKind.NearBranch16 => 2, OpKind.NearBranch32 => 4, _ => 8 };

    private static byte CounterWidth(in Instruction i)
    {
        string name = i.Code.ToString();
        if (name.EndsWith("_CX", StringComparison.Ordinal) || name.StartsWith("Jcxz", StringComparison.Ordinal)) return 2;
        return name.EndsWith("_ECX", StringComparison.Ordinal) || name.StartsWith("Jecxz", StringComparison.Ordinal) ? (byte)4 : (byte)8;
    }

    private static bool Branches(in Instruction i, Op* o, int codeSize, out Handler handler)
    {
        handler = null;
        if (Conditional.SelectCounter(i) is var loop && loop != null)
        {
            o->Extra = BranchWidth(i);
            o->AddressSize = CounterWidth(i);
            handler = loop;
            return true;
        }
        switch (i.Mnemonic)
        {
            case Mnemonic.Jmp or Mnemonic.Call when i.Op0Kind is OpKind.FarBranch16 or OpKind.FarBranch32:
                o->Extra = i.Op0Kind == OpKind.FarBranch16 ? (byte)2 : (byte)4;
                o->Immediate = i.Op0Kind == OpKind.FarBranch16 ? i.FarBranch16 : i.FarBranch32;
                o->B = i.FarBranchSelector;
                handler = Far.Select(i, o->Extra);
                return true;
            case Mnemonic.Jmp or Mnemonic.Call when i.IsJmpFarIndirect || i.IsCallFarIndirect:
                o->Extra = (byte)(i.MemorySize.GetSize() - 2);
                handler = Far.Select(i, o->Extra);
                return true;
            case Mnemonic.Jmp or Mnemonic.Call:
                bool direct = i.Op0Kind is OpKind.NearBranch16 or OpKind.NearBranch32 or OpKind.NearBranch64;
                int width = direct ? BranchWidth(i) : Width(i);
                o->Extra = (byte)width;
                handler = Branch.Select(i, width);
                return true;
            case Mnemonic.Ret: handler = Branch.Select(i, ReturnWidth(i)); return true;
            case Mnemonic.Retf: handler = Far.Select(i, ReturnWidth(i)); return true;
            case Mnemonic.Iret or Mnemonic.Iretd or Mnemonic.Iretq or Mnemonic.Int1 or Mnemonic.Into: handler = Far.Select(i, 0); return true;
            case Mnemonic.Int: handler = Far.Select(i, 0); return true;
            case Mnemonic.Int3:
                o->Immediate = 3;
                handler = Far.Select(i, 0);
                return true;
            default: return false;
        }
    }

    private static int ReturnWidth(in Instruction i) => i.Code switch
    {
        Code.Retnw or Code.Retnw_imm16 or Code.Retfw or Code.Retfw_imm16 => 2,
        Code.Retnd or Code.Retnd_imm16 or Code.Retfd or Code.Retfd_imm16 => 4,
        _ => 8,
    };

    private static int StackWidth(in Instruction i, int codeSize)
    {
        string name = i.Code.ToString();
        if (i.Mnemonic is Mnemonic.Enter or Mnemonic.Leave) return name[5] == 'w' ? 2 : name[5] == 'd' ? 4 : 8;
        if (i.Mnemonic is not (Mnemonic.Push or Mnemonic.Pop)) return 0;
        return Math.Abs(i.StackPointerIncrement);
    }

    private static void StringOperands(in Instruction i, Op* o)
    {
        o->AddressSize = 8;
        o->Segment = (byte)(i.MemorySegment == Register.None ? 3 : i.MemorySegment - Register.ES);
        for (int k = 0; k < i.OpCount; k++)
        {
            switch (i.GetOpKind(k))
            {
                case OpKind.MemorySegSI or OpKind.MemoryESDI: o->AddressSize = 2; break;
                case OpKind.MemorySegESI or OpKind.MemoryESEDI: o->AddressSize = 4; break;
            }
        }

        if (i.HasRepPrefix) o->Flags |= OpFlags.Rep;
        if (i.HasRepnePrefix) o->Flags |= OpFlags.Repne;
    }

    private static void XlatOperands(in Instruction i, Op* o)
    {
        o->Segment = (byte)(i.MemorySegment == Register.None ? 3 : i.MemorySegment - Register.ES);
        for (int k = 0; k < i.OpCount; k++)
        {
            switch (i.GetOpKind(k))
            {
                case OpKind.Memory: o->AddressSize = (byte)i.MemoryBase.GetSize(); break;
                case OpKind.MemorySegDI: o->AddressSize = 2; break;
                case OpKind.MemorySegEDI: o->AddressSize = 4; break;
                case OpKind.MemorySegRDI: o->AddressSize = 8; break;
            }
        }
    }
}
