using Iced.Intel;

namespace Berth.Cpu.Translator;

// [SDM2] DIV, IDIV: the host divides only what cannot fault.
internal sealed partial class BlockTranslator
{
    private bool EmitDivide(int k, in Instruction i)
    {
        bool wide = i.Code is Code.Div_rm64 or Code.Idiv_rm64, signed = i.Mnemonic == Mnemonic.Idiv;
        Clobber(_live[k]);
        if (i.Op0Kind == OpKind.Memory)
        {
            EmitAddress(i);
            EmitProbe(wide ? 8 : 4, write: false, i.IP);
            e.At(0x8B, R11, R10, 0, wide);
            _entryInScratch = false;
        }
        else
        {
            int from = Source(i.Op0Register, R11);
            e.Op(0x8B, R11, from, wide);
        }
        if (!signed)
        {
            // The quotient fits if and only if the upper half is below the divisor, which excludes zero.
            e.Op(0x3B, HostRegisters.Rdx, R11, wide);
            InterpretIf(3, i.IP);
        }
        else
        {
            e.Op(0x8B, R10, HostRegisters.Rax, wide);
            e.ShiftBy(7, R10, wide ? 63 : 31, wide);
            e.Op(0x3B, R10, HostRegisters.Rdx, wide);
            InterpretIf(5, i.IP);
            // 0 and -1 are the divisors that may fault: divisor + 1 is below 2.
            e.LoadAddress(R10, R11, -1, 1, 1);
            e.Immediate(7, R10, 1, wide);
            InterpretIf(6, i.IP);
        }
        Instruction divide = i;
        divide.Op0Kind = OpKind.Register;
        divide.Op0Register = wide ? Register.R11 : Register.R11D;
        divide.SegmentPrefix = Register.None;
        if (!e.Encode(divide)) return false;
        _place = FlagPlace.Host;
        return true;
    }

    private void InterpretIf(int condition, ulong rip) => _cold.Add(new(ColdKind.Interpret, e.JumpIf(condition), 0, 0, rip));
}
