using Berth.Cpu.Interpreter;
using Berth.Cpu.Translator;
using Berth.Linux.Tracing;
using Iced.Intel;

namespace Berth.Cpu.Direct.Relocation;

/// <summary>Writes code of the guest anew for another place: instructions are copied byte by byte, but for those that know where they stand (jumps, calls,
/// operands relative to RIP) and those that must not run. No register is lost and flags stay. See docs/decisions/0020-direct-execution.md.</summary>
internal sealed unsafe class Relocator
{
    /// <summary>Bytes that one block takes at most.</summary>
    public const int LargestBlock = 8 << 10;

    /// <summary>Bytes that one entry takes at most.</summary>
    public const int LargestEntry = 64;

    /// <summary>Bytes of the guest's code that one block takes at most.</summary>
    public const int LongestReach = Longest * LongestInstruction;

    private const int Longest = 64, LongestInstruction = 15;

    private const int Rcx = 1, R11 = 11;

    private readonly StubWindow _window;
    private readonly Emitter _e = new();
    private readonly PointerReader _reader = new();
    private readonly Decoder _decoder;
    private readonly InstructionInfoFactory _uses = new();
    private readonly List<CodePlace> _places = [];
    private readonly List<Cold> _cold = [];
    private readonly List<(int Distance, ulong Value)> _literals = [];

    /// <summary>A jump out of the block, by the place of its distance.</summary>
    private readonly record struct Cold(int Distance, ulong Target);

    public Relocator(StubWindow window)
    {
        _window = window;
        _decoder = Decoder.Create(64, _reader);
    }

    /// <summary>What was written last, for the window, in order of place.</summary>
    public ReadOnlySpan<byte> Bytes => _e.Code;

    public IReadOnlyList<CodePlace> Places => _places;

    private nint Start(int offset)
    {
        nint origin = (nint)_window.CodeAddress + offset;
        _places.Clear();
        _cold.Clear();
        _literals.Clear();
        _e.Start(origin);
        return origin;
    }

    /// <summary>Writes the block that begins at an address.</summary>
    /// <param name="offset">Where it will lie.</param>
    /// <param name="rip">Its address in the guest.</param>
    /// <param name="code">Its bytes.</param>
    /// <param name="inPage">How many of them its page has; no instruction begins behind them.</param>
    /// <param name="available">How many there are.</param>
    /// <returns>Bytes of the guest's code that it stands for; 0 if its first instruction is not there as a whole.</returns>
    public int Block(int offset, ulong rip, byte* code, int inPage, int available)
    {
        Start(offset);
        int at = 0;
        bool goesOn = true;
        for (int n = 0; n < Longest && at < inPage && goesOn; n++)
        {
            _reader.Reset(code + at, available - at);
            _decoder.IP = rip + (ulong)at;
            _decoder.Decode(out Instruction i);
            // What reaches into a page that is not there may do so later.
            if (_reader.RanOut) break;
            var bytes = new ReadOnlySpan<byte>(code + at, i.Length);
            goesOn = Emit(i, bytes, _decoder.GetConstantOffsets(i));
            at += i.Length;
        }
        if (at == 0) return 0;
        if (goesOn) Jump(rip + (ulong)at, PlaceKind.Instruction, rip + (ulong)at);
        Finish();
        return at;
    }

    /// <summary>Writes the way to a block for indirect jumps: it looks whether the address in RCX is the block's.</summary>
    /// <param name="offset">Where it will lie.</param>
    /// <param name="rip">The block's address in the guest.</param>
    /// <param name="block">Where the block lies.</param>
    /// <param name="next">Where to go with other addresses.</param>
    public void Entry(int offset, ulong rip, int block, int next)
    {
        nint origin = Start(offset) - offset;
        Within(rip);
        if (rip <= int.MaxValue) _e.LoadAddress(Rcx, Rcx, -1, 1, -(int)rip);
        else
        {
            _e.Constant(R11, -(long)rip);
            Within(rip);
            _e.LoadAddress(Rcx, Rcx, R11, 1, 0);
        }
        Within(rip);
        _e.Bytes(0xE3, 0); // jrcxz
        int over = _e.Position;
        Within(rip);
        if (rip <= int.MaxValue) _e.LoadAddress(Rcx, Rcx, -1, 1, (int)rip);
        else
        {
            _e.Constant(R11, (long)rip);
            Within(rip);
            _e.LoadAddress(Rcx, Rcx, R11, 1, 0);
        }
        Within(rip);
        _e.JumpTo(origin + next);
        _e.BindShort(over - 1);
        Within(rip);
        Cell(0x8B, Rcx, Cells.Rcx);
        Within(rip);
        Cell(0x8B, R11, Cells.R11);
        Within(rip);
        _e.JumpTo(origin + block);
    }

    /// <summary>Writes where indirect jumps go whose address is not known.</summary>
    public void Missing(int offset)
    {
        Start(offset);
        Trap(PlaceKind.Missing, 0, 0);
    }

    /// <summary>Writes one instruction; false if the block ends with it.</summary>
    private bool Emit(in Instruction i, ReadOnlySpan<byte> bytes, ConstantOffsets offsets)
    {
        if (Relocatable.MustLeave(i, bytes))
        {
            Leave(i.IP);
            return false;
        }
        if (i.IsJccShortOrNear)
        {
            Place(PlaceKind.Instruction, 0, i.IP);
            _cold.Add(new(_e.JumpIf((int)i.ConditionCode - (int)ConditionCode.o), i.NearBranchTarget));
            return true;
        }
        switch (i.Code)
        {
            case Code.Jmp_rel8_64 or Code.Jmp_rel32_64:
                Jump(i.NearBranchTarget, PlaceKind.Instruction, i.IP);
                return false;
            case Code.Call_rel32_64:
                Place(PlaceKind.Instruction, 0, i.IP);
                PushAddress(i.NextIP);
                Jump(i.NearBranchTarget, PlaceKind.Within, i.NearBranchTarget);
                return false;
            case Code.Retnq or Code.Retnq_imm16:
                Indirect(i, default);
                return false;
            case Code.Jmp_rm64 or Code.Call_rm64:
                Instruction load = TargetOf(i);
                if (CanEncode(load)) Indirect(i, load);
                else Leave(i.IP);
                return false;
            case Code.Loop_rel8_64_RCX or Code.Loope_rel8_64_RCX or Code.Loopne_rel8_64_RCX or Code.Jrcxz_rel8_64:
                Place(PlaceKind.Instruction, 0, i.IP);
                _e.Bytes(bytes[^2], 2); // over the jump that goes on
                Within(i.NextIP);
                _e.Bytes(0xEB, 5);
                Jump(i.NearBranchTarget, PlaceKind.Within, i.NearBranchTarget);
                return true;
            default:
                if (i.IsIPRelativeMemoryOperand) return Relative(i, bytes, offsets);
                Place(PlaceKind.Instruction, 0, i.IP);
                _e.Bytes(bytes);
                return true;
        }
    }

    /// <summary>An instruction with an operand relative to RIP: by its whole address where that is short, else through a register that it does not use.</summary>
    private bool Relative(in Instruction i, ReadOnlySpan<byte> bytes, ConstantOffsets offsets)
    {
        ulong address = i.IPRelativeMemoryAddress;
        if (i.Mnemonic == Mnemonic.Lea && i.Op0Register.GetSize() >= 4)
        {
            Place(PlaceKind.Instruction, 0, i.IP);
            _e.Constant(i.Op0Register.GetFullRegister() - Register.RAX, i.Op0Register.IsGPR32() ? (uint)address : (long)address);
            return true;
        }
        // [SDM2] 2.1.5: without base and index, a SIB byte makes the displacement the whole address; a register as base needs none.
        int modRm = offsets.DisplacementOffset - 1;
        ReadOnlySpan<byte> before = bytes[..modRm], behind = bytes[(offsets.DisplacementOffset + 4)..];
        int scratch = Unused(i);
        if (!offsets.HasDisplacement || offsets.DisplacementSize != 4 || !Relocatable.HasPlainOperand(i, bytes) || i.Length == LongestInstruction || scratch < 0)
        {
            Leave(i.IP);
            return false;
        }
        Place(PlaceKind.Instruction, 0, i.IP);
        if (address <= int.MaxValue)
        {
            _e.Bytes(before);
            _e.Bytes((byte)((bytes[modRm] & 0x38) | 4), 0x25);
            _e.Int32((int)address);
            _e.Bytes(behind);
            return true;
        }
        Cell(0x89, scratch, Cells.Operand);
        Within(i.IP);
        _e.Constant(scratch, (long)address);
        Place(PlaceKind.Faulting, scratch, i.IP);
        _e.Bytes(before);
        _e.Byte((bytes[modRm] & 0x38) | scratch);
        _e.Bytes(behind);
        Within(i.NextIP);
        Cell(0x8B, scratch, Cells.Operand);
        return true;
    }

    /// <summary>One of the registers that need no prefix and that an instruction has nothing to do with; -1 if there is none.</summary>
    private int Unused(in Instruction i)
    {
        int used = 0;
        foreach (UsedRegister use in _uses.GetInfo(i).GetUsedRegisters())
        {
            Register full = use.Register.GetFullRegister();
            if (full.IsGPR64()) used |= 1 << (full - Register.RAX);
        }
        foreach (int register in (ReadOnlySpan<int>)[0, 2, 1, 6, 7, 3])
        {
            if ((used >> register & 1) == 0) return register;
        }
        return -1;
    }

    /// <summary>A return, or a jump or call through a register or memory: the target in RCX, its table entry by R11.</summary>
    private void Indirect(in Instruction i, in Instruction load)
    {
        ulong rip = i.IP;
        Place(PlaceKind.Instruction, 0, rip);
        Cell(0x89, Rcx, Cells.Rcx);
        Within(rip);
        Cell(0x89, R11, Cells.R11);
        if (i.Code is Code.Retnq or Code.Retnq_imm16)
        {
            Place(PlaceKind.Faulting, Cells.Jump, rip);
            _e.At(0x8B, Rcx, 4, 0);
            Within(rip);
            _e.LoadAddress(4, 4, -1, 1, 8 + (i.OpCount > 0 ? i.Immediate16 : 0));
        }
        else
        {
            if (load.MemoryBase == Register.RCX && i.IsIPRelativeMemoryOperand)
            {
                Within(rip);
                _e.Constant(Rcx, (long)i.IPRelativeMemoryAddress);
            }
            Place(PlaceKind.Faulting, Cells.Jump, rip);
            _e.Encode(load);
        }
        if (i.Code == Code.Call_rm64)
        {
            Place(PlaceKind.Faulting, Cells.Jump, rip);
            PushAddress(i.NextIP);
        }
        Within(rip);
        _e.Bytes(0x49, 0xBB); // mov r11, …
        _e.Int64((long)(_window.TableAddress >> 3));
        Within(rip);
        _e.Bytes(0x66, 0x41, 0x89, 0xCB); // mov r11w, cx
        Within(rip);
        _e.Bytes(0x42, 0xFF, 0x24, 0xDD); // jmp [r11 * 8]
        _e.Int32(0);
    }

    /// <summary>The instruction that loads the target of a jump or call into RCX; where its address is out of reach, by that address in RCX.</summary>
    private static Instruction TargetOf(in Instruction i)
    {
        if (i.Op0Kind == OpKind.Register) return Instruction.Create(Code.Mov_r64_rm64, Register.RCX, i.Op0Register);
        MemoryOperand operand = !i.IsIPRelativeMemoryOperand
            ? new(i.MemoryBase, i.MemoryIndex, i.MemoryIndexScale, (long)i.MemoryDisplacement64, i.MemoryDisplSize, false, i.SegmentPrefix)
            : i.IPRelativeMemoryAddress <= int.MaxValue ? new(Register.None, (long)i.IPRelativeMemoryAddress, 4) : new(Register.RCX);
        return Instruction.Create(Code.Mov_r64_rm64, Register.RCX, operand);
    }

    private bool CanEncode(in Instruction i)
    {
        int before = _e.Position;
        bool can = _e.Encode(i);
        _e.Position = before;
        return can;
    }

    private void PushAddress(ulong address)
    {
        if (address <= int.MaxValue)
        {
            _e.Byte(0x68);
            _e.Int32((int)address);
            return;
        }
        _e.Bytes(0xFF, 0x35); // push [rip + …]
        _literals.Add((_e.Position, address));
        _e.Int32(0);
    }

    /// <summary>op register, cell.</summary>
    private void Cell(int opcode, int register, int cell)
    {
        _e.Bytes((byte)(register >= 8 ? 0x4C : 0x48), (byte)opcode, (byte)(((register & 7) << 3) | 5));
        _e.Int32((int)((nint)_window.CellsAddress + (cell * 8) - _e.Here - 4));
    }

    private void Jump(ulong target, PlaceKind kind, ulong rip)
    {
        Place(kind, 0, rip);
        _cold.Add(new(_e.Jump(), target));
    }

    private void Leave(ulong rip) => Trap(PlaceKind.Leave, 0, rip);

    private void Trap(PlaceKind kind, int detail, ulong rip)
    {
        Place(kind, detail, rip);
        _e.Bytes(0x0F, 0x0B); // ud2
    }

    /// <summary>What jumps lead to as long as their targets are not known, and constants.</summary>
    private void Finish()
    {
        int first = (int)(_e.Origin - (nint)_window.CodeAddress);
        foreach (Cold c in _cold)
        {
            _e.Bind(c.Distance);
            Trap(PlaceKind.Exit, first + c.Distance, c.Target);
        }
        while ((_e.Here & 7) != 0) _e.Byte(0xCC);
        foreach ((int distance, ulong value) in _literals)
        {
            _e.Bind(distance);
            _e.Int64((long)value);
        }
    }

    private void Within(ulong rip) => Place(PlaceKind.Within, 0, rip);

    private void Place(PlaceKind kind, int detail, ulong rip) => _places.Add(new((int)(_e.Here - (nint)_window.CodeAddress), kind, detail, rip));
}
