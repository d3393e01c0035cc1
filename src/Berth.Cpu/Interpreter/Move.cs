using System.Buffers.Binary;
using Berth.Cpu.Memory;
using Berth.Cpu.State;
using Berth.X86;
using Iced.Intel;

namespace Berth.Cpu.Interpreter;

/// <summary>[SDM2] MOV, MOVZX, MOVSX, MOVSXD, MOVBE, LEA, BSWAP, XLAT, CBW to CQO.</summary>
internal static unsafe class Move
{
    public static Handler Select(in Instruction i, int width) => i.Mnemonic switch
    {
        Mnemonic.Mov => width switch { 1 => Mov<byte>(i), 2 => Mov<ushort>(i), 4 => Mov<uint>(i), _ => Mov<ulong>(i) },
        Mnemonic.Movzx or Mnemonic.Movsx or Mnemonic.Movsxd => SelectExtend(i, width),
        Mnemonic.Lea => width switch { 2 => &Lea<ushort>, 4 => &Lea<uint>, _ => &Lea<ulong> },
        Mnemonic.Movbe => i.Op0Kind == OpKind.Memory
            ? width switch { 2 => &StoreSwapped<ushort>, 4 => &StoreSwapped<uint>, _ => &StoreSwapped<ulong> }
            : width switch { 2 => &LoadSwapped<ushort>, 4 => &LoadSwapped<uint>, _ => &LoadSwapped<ulong> },
        Mnemonic.Bswap => width switch { 2 => &Swap<ushort>, 4 => &Swap<uint>, _ => &Swap<ulong> },
        Mnemonic.Xlatb => &Xlat,
        Mnemonic.Cbw => &Cbw,
        Mnemonic.Cwde => &Cwde,
        Mnemonic.Cdqe => &Cdqe,
        Mnemonic.Cwd => &Cwd,
        Mnemonic.Cdq => &Cdq,
        Mnemonic.Cqo => &Cqo,
        _ => null,
    };

    private static Handler Mov<T>(in Instruction i) where T : unmanaged
    {
        bool immediate = i.Op1Kind is not (OpKind.Register or OpKind.Memory);
        if (i.Op0Kind == OpKind.Memory) return immediate ? &StoreImmediate<T> : &Store<T>;
        return immediate ? &LoadImmediate<T> : i.Op1Kind == OpKind.Memory ? &Load<T> : &Copy<T>;
    }

    private static bool Copy<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        Bits.SetRegister<T>(s, o->A, Bits.Register<T>(s, o->B));
        return true;
    }

    private static bool LoadImmediate<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        Bits.SetRegister<T>(s, o->A, (ulong)o->Immediate);
        return true;
    }

    private static bool Load<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        if (!Access.Address(c, s, o, sizeof(T), write: false, out ulong address)) return false;
        if (!Access.Read<T>(c, s, address, o->Segment, out ulong value)) return false;
        Bits.SetRegister<T>(s, o->A, value);
        return true;
    }

    private static bool Store<T>(Core c, CpuState* s, Op* o) where T : unmanaged =>
        Access.Address(c, s, o, sizeof(T), write: true, out ulong address)
        && Access.Write<T>(c, s, address, o->Segment, Bits.Register<T>(s, o->B));

    private static bool StoreImmediate<T>(Core c, CpuState* s, Op* o) where T : unmanaged =>
        Access.Address(c, s, o, sizeof(T), write: true, out ulong address)
        && Access.Write<T>(c, s, address, o->Segment, Bits.Truncate<T>((ulong)o->Immediate));

    private static Handler SelectExtend(in Instruction i, int width)
    {
        int source = i.Op1Kind == OpKind.Memory ? i.MemorySize.GetSize() : i.Op1Register.GetSize();
        bool signed = i.Mnemonic != Mnemonic.Movzx;
        return (source, signed) switch
        {
            (1, false) => width switch { 2 => &ZeroExtend<ushort, byte>, 4 => &ZeroExtend<uint, byte>, _ => &ZeroExtend<ulong, byte> },
            (2, false) => width switch { 2 => &ZeroExtend<ushort, ushort>, 4 => &ZeroExtend<uint, ushort>, _ => &ZeroExtend<ulong, ushort> },
            (1, true) => width switch { 2 => &SignExtend<ushort, byte>, 4 => &SignExtend<uint, byte>, _ => &SignExtend<ulong, byte> },
            (2, true) => width switch { 2 => &SignExtend<ushort, ushort>, 4 => &SignExtend<uint, ushort>, _ => &SignExtend<ulong, ushort> },
            _ => width switch { 2 => &SignExtend<ushort, ushort>, 4 => &SignExtend<uint, uint>, _ => &SignExtend<ulong, uint> },
        };
    }

    private static bool ZeroExtend<T, TSource>(Core c, CpuState* s, Op* o)
        where T : unmanaged
        where TSource : unmanaged
    {
        if (!MulDiv.Source<TSource>(c, s, o, o->B, out ulong value)) return false;
        Bits.SetRegister<T>(s, o->A, value);
        return true;
    }

    private static bool SignExtend<T, TSource>(Core c, CpuState* s, Op* o)
        where T : unmanaged
        where TSource : unmanaged
    {
        if (!MulDiv.Source<TSource>(c, s, o, o->B, out ulong value)) return false;
        Bits.SetRegister<T>(s, o->A, (ulong)Bits.SignExtend<TSource>(value));
        return true;
    }

    private static bool Lea<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        byte* r = (byte*)s;
        ulong offset = *(ulong*)(r + o->Base) + (*(ulong*)(r + o->Index) << o->Scale) + (ulong)o->Displacement;
        offset = o->AddressSize switch { 2 => (ushort)offset, 4 => (uint)offset, _ => offset };
        Bits.SetRegister<T>(s, o->A, offset);
        return true;
    }

    private static ulong Swapped<T>(ulong value) where T : unmanaged => BinaryPrimitives.ReverseEndianness(value) >> (64 - (sizeof(T) * 8));

    private static bool LoadSwapped<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        if (!MulDiv.Source<T>(c, s, o, o->B, out ulong value)) return false;
        Bits.SetRegister<T>(s, o->A, Swapped<T>(value));
        return true;
    }

    private static bool StoreSwapped<T>(Core c, CpuState* s, Op* o) where T : unmanaged =>
        Access.Address(c, s, o, sizeof(T), write: true, out ulong address)
        && Access.Write<T>(c, s, address, o->Segment, Swapped<T>(Bits.Register<T>(s, o->B)));

    private static bool Swap<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        // [SDM2A] BSWAP: 16-bit operands are undefined; processors store zero.
        Bits.SetRegister<T>(s, o->A, sizeof(T) == 2 ? 0 : Swapped<T>(Bits.Register<T>(s, o->A)));
        return true;
    }

    private static bool Xlat(Core c, CpuState* s, Op* o)
    {
        ulong offset = s->Registers[(int)GeneralRegister.Rbx] + (byte)s->Registers[0];
        offset = o->AddressSize switch { 2 => (ushort)offset, 4 => (uint)offset, _ => offset };
        if (!c.Segmentation.Linear(o->Segment, offset, 1, write: false, out ulong address)) return false;
        if (!Access.Read<byte>(c, s, address, o->Segment, out ulong value)) return false;
        Bits.SetRegister<byte>(s, 0, value);
        return true;
    }

    private static bool Cbw(Core c, CpuState* s, Op* o) => Set<ushort>(s, 0, (ulong)(sbyte)s->Registers[0]);

    private static bool Cwde(Core c, CpuState* s, Op* o) => Set<uint>(s, 0, (ulong)(short)s->Registers[0]);

    private static bool Cdqe(Core c, CpuState* s, Op* o) => Set<ulong>(s, 0, (ulong)(int)s->Registers[0]);

    private static bool Cwd(Core c, CpuState* s, Op* o) => Set<ushort>(s, 16, (ulong)((short)s->Registers[0] >> 15));

    private static bool Cdq(Core c, CpuState* s, Op* o) => Set<uint>(s, 16, (ulong)((int)s->Registers[0] >> 31));

    private static bool Cqo(Core c, CpuState* s, Op* o) => Set<ulong>(s, 16, (ulong)((long)s->Registers[0] >> 63));

    private static bool Set<T>(CpuState* s, int offset, ulong value) where T : unmanaged
    {
        Bits.SetRegister<T>(s, offset, value);
        return true;
    }
}
