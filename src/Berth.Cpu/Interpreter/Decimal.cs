using Berth.Cpu.Memory;
using Berth.Cpu.State;
using Berth.X86;
using Iced.Intel;

namespace Berth.Cpu.Interpreter;

/// <summary>[SDM2] AAA, AAD, AAM, AAS, DAA, DAS, BOUND, ARPL: what 64-bit mode no longer has.</summary>
internal static unsafe class Decimal
{
    public static Handler Select(in Instruction i, int width) => i.Mnemonic switch
    {
        Mnemonic.Aaa => &Aaa,
        Mnemonic.Aas => &Aas,
        Mnemonic.Aam => &Aam,
        Mnemonic.Aad => &Aad,
        Mnemonic.Daa => &Daa,
        Mnemonic.Das => &Das,
        Mnemonic.Bound => width == 2 ? &Bound<ushort> : &Bound<uint>,
        Mnemonic.Arpl => &Arpl,
        _ => null,
    };

    private static bool Aaa(Core c, CpuState* s, Op* o) => Ascii(s, 0x106);

    private static bool Aas(Core c, CpuState* s, Op* o) => Ascii(s, -0x106);

    private static bool Ascii(CpuState* s, int step)
    {
        var ax = (ushort)s->Registers[0];
        bool adjust = (ax & 0xF) > 9 || Flags.Adjust(s);
        if (adjust) ax = (ushort)(ax + step);
        Bits.SetRegister<ushort>(s, 0, (ulong)(ax & 0xFF0F));
        Flags.SetStatus(s, adjust ? RFlags.Adjust | RFlags.Carry : 0);
        return true;
    }

    private static bool Aam(Core c, CpuState* s, Op* o)
    {
        var divisor = (byte)o->Immediate;
        if (divisor == 0) return c.Raise(ExceptionVector.DivideError);
        var al = (byte)s->Registers[0];
        Bits.SetRegister<ushort>(s, 0, (ulong)((al / divisor << 8) | (al % divisor)));
        Flags.SetLogic<byte>(s, (ulong)(al % divisor));
        return true;
    }

    private static bool Aad(Core c, CpuState* s, Op* o)
    {
        var ax = (ushort)s->Registers[0];
        var al = (byte)((ax & 0xFF) + ((ax >> 8) * (byte)o->Immediate));
        Bits.SetRegister<ushort>(s, 0, al);
        Flags.SetLogic<byte>(s, al);
        return true;
    }

    private static bool Daa(Core c, CpuState* s, Op* o) => Packed(s, add: true);

    private static bool Das(Core c, CpuState* s, Op* o) => Packed(s, add: false);

    private static bool Packed(CpuState* s, bool add)
    {
        var al = (byte)s->Registers[0];
        byte old = al;
        bool carry = Flags.Carry(s), adjust = Flags.Adjust(s), newCarry = false;
        if ((al & 0xF) > 9 || adjust)
        {
            newCarry = carry || (add ? al + 6 > 0xFF : al < 6);
            al = (byte)(add ? al + 6 : al - 6);
            adjust = true;
        }
        if (old > 0x99 || carry)
        {
            al = (byte)(add ? al + 0x60 : al - 0x60);
            newCarry = true;
        }
        Bits.SetRegister<byte>(s, 0, al);
        Flags.SetParts<byte>(s, al, newCarry, false);
        if (adjust) s->FlagCarry |= 8;
        return true;
    }

    private static bool Bound<T>(Core c, CpuState* s, Op* o) where T : unmanaged
    {
        if (!Access.Address(c, s, o, 2 * sizeof(T), write: false, out ulong address)) return false;
        if (!Access.Read<T>(c, s, address, o->Segment, out ulong low) || !Access.Read<T>(c, s, address + (ulong)sizeof(T), o->Segment, out ulong high)) return false;
        long index = Bits.SignExtend<T>(Bits.Register<T>(s, o->A));
        return (index >= Bits.SignExtend<T>(low) && index <= Bits.SignExtend<T>(high)) || c.Raise(ExceptionVector.BoundRange);
    }

    private static bool Arpl(Core c, CpuState* s, Op* o)
    {
        if (!c.Segmentation.IsProtected) return c.Raise(ExceptionVector.InvalidOpcode);
        if (!MulDiv.Source<ushort>(c, s, o, o->A, out ulong a)) return false;
        ulong b = Bits.Register<ushort>(s, o->B);
        bool raise = (a & 3) < (b & 3);
        if (raise)
        {
            ulong value = (a & ~3UL) | (b & 3);
            if ((o->Flags & OpFlags.Memory) == 0) Bits.SetRegister<ushort>(s, o->A, value);
            else if (!Access.Address(c, s, o, 2, write: true, out ulong address) || !Access.Write<ushort>(c, s, address, o->Segment, value)) return false;
        }
        ulong flags = Flags.Status(s) & ~RFlags.Zero;
        Flags.SetStatus(s, raise ? flags | RFlags.Zero : flags);
        return true;
    }
}
