using System.Runtime.CompilerServices;
using Berth.Cpu.State;
using Berth.X86;
using Iced.Intel;

namespace Berth.Cpu.Interpreter;

/// <summary>[SDM2] JMP, CALL and RET within a segment.</summary>
internal static unsafe class Branch
{
    public static Handler Select(in Instruction i, int width)
    {
        bool direct = i.Op0Kind is OpKind.NearBranch16 or OpKind.NearBranch32 or OpKind.NearBranch64;
        return i.Mnemonic switch
        {
            Mnemonic.Jmp when direct => &Jump,
            Mnemonic.Jmp => width switch { 2 => &JumpIndirect<ushort>, 4 => &JumpIndirect<uint>, _ => &JumpIndirect<ulong> },
            Mnemonic.Call when direct => width switch { 2 => &Call<ushort>, 4 => &Call<uint>, _ => &Call<ulong> },
            Mnemonic.Call => width switch { 2 => &CallIndirect<ushort>, 4 => &CallIndirect<uint>, _ => &CallIndirect<ulong> },
            Mnemonic.Ret => width switch { 2 => &Return<ushort>, 4 => &Return<uint>, _ => &Return<ulong> },
            _ => null,
        };
    }

    /// <summary>Target of a direct branch; <see cref="Op.Extra"/> is the operand size, which cuts it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Target(CpuState* s, Op* o)
    {
        ulong target = s->Registers[CpuState.BlockRip] + (ulong)o->Immediate;
        return o->Extra switch { 2 => (ushort)target, 4 => (uint)target, _ => target };
    }

    /// <summary>Goes to a computed target after the check that near branches make.</summary>
    private static bool Go(Core c, CpuState* s, ulong target)
    {
        if (s->CodeSize == 2 ? (ulong)((long)target << 16 >> 16) != target : target > s->Cs.Limit) return c.Raise(ExceptionVector.GeneralProtection);
        s->Rip = target;
        return true;
    }

    private static bool Jump(Core c, CpuState* s, Op* o)
    {
        s->Rip = Target(s, o);
        return true;
    }

    private static bool JumpIndirect<T>(Core c, CpuState* s, Op* o) where T : unmanaged =>
        MulDiv.Source<T>(c, s, o, o->A, out ulong target) && Go(c, s, target);

    private static bool Call<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        if (!Stack.Push<T>(c, s, Bits.Truncate<T>(Core.NextRip(s, o)))) return false;
        s->Rip = Target(s, o);
        return true;
    }

    private static bool CallIndirect<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        if (!MulDiv.Source<T>(c, s, o, o->A, out ulong target)) return false;
        ulong before = s->Registers[(int)GeneralRegister.Rsp];
        if (!Stack.Push<T>(c, s, Bits.Truncate<T>(Core.NextRip(s, o)))) return false;
        if (Go(c, s, target)) return true;
        s->Registers[(int)GeneralRegister.Rsp] = before;
        return false;
    }

    private static bool Return<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        if (!Stack.Peek<T>(c, s, out ulong target) || !Go(c, s, target)) return false;
        Stack.Drop(s, sizeof(T) + (ushort)o->Immediate);
        return true;
    }
}
