using Iced.Intel;

namespace Berth.Cpu.Translator;

/// <summary>Writes host instructions into a buffer that will run at a known address. Registers are numbers as instructions encode them.</summary>
internal sealed class Emitter : CodeWriter
{
    private readonly byte[] _bytes = new byte[1 << 17];
    private readonly Encoder _encoder;

    public Emitter() => _encoder = Encoder.Create(64, this);

    public int Position { get; set; }

    /// <summary>Where the first byte will run.</summary>
    public nint Origin { get; private set; }

    public nint Here => Origin + Position;

    public ReadOnlySpan<byte> Code => _bytes.AsSpan(0, Position);

    public void Start(nint origin)
    {
        Origin = origin;
        Position = 0;
    }

    public override void WriteByte(byte value) => _bytes[Position++] = value;

    public void Byte(int value) => _bytes[Position++] = (byte)value;

    public void Bytes(params ReadOnlySpan<byte> values)
    {
        values.CopyTo(_bytes.AsSpan(Position));
        Position += values.Length;
    }

    public void Int32(int value)
    {
        BitConverter.TryWriteBytes(_bytes.AsSpan(Position), value);
        Position += 4;
    }

    public void Int64(long value)
    {
        BitConverter.TryWriteBytes(_bytes.AsSpan(Position), value);
        Position += 8;
    }

    /// <summary>Encodes an instruction as Iced holds it; false, and nothing written, if it has no encoding.</summary>
    public bool Encode(in Instruction instruction)
    {
        int before = Position;
        if (_encoder.TryEncode(instruction, (ulong)Here, out _, out _)) return true;
        Position = before;
        return false;
    }

    private void Rex(bool wide, int reg, int index, int rm)
    {
        int rex = (wide ? 8 : 0) | ((reg & 8) >> 1) | ((index & 8) >> 2) | ((rm & 8) >> 3);
        if (rex != 0) Byte(0x40 | rex);
    }

    /// <summary>op reg, rm (or rm, reg: the opcode decides).</summary>
    public void Op(int opcode, int reg, int rm, bool wide = true)
    {
        Rex(wide, reg, 0, rm);
        Opcode(opcode);
        Byte(0xC0 | ((reg & 7) << 3) | (rm & 7));
    }

    /// <summary>op reg, gs:[displacement].</summary>
    public void Gs(int opcode, int reg, int displacement, bool wide = true)
    {
        Byte(0x65);
        if (opcode is >= 0x660000 and <= 0x66FFFF)
        {
            Byte(0x66);
            opcode &= 0xFFFF;
        }
        Rex(wide, reg, 0, 0);
        Opcode(opcode);
        Byte(((reg & 7) << 3) | 4);
        Byte(0x25);
        Int32(displacement);
    }

    /// <summary>op reg, gs:[base + displacement].</summary>
    public void GsAt(int opcode, int reg, int @base, int displacement, bool wide = true)
    {
        Byte(0x65);
        At(opcode, reg, @base, displacement, wide);
    }

    /// <summary>op reg, gs:[index * 8 + displacement].</summary>
    public void GsIndexed(int opcode, int reg, int index, int displacement, bool wide = true)
    {
        Byte(0x65);
        Rex(wide, reg, index, 0);
        Opcode(opcode);
        Byte(((reg & 7) << 3) | 4);
        Byte(0xC0 | ((index & 7) << 3) | 5);
        Int32(displacement);
    }

    /// <summary>op reg, [base + displacement].</summary>
    public void At(int opcode, int reg, int @base, int displacement, bool wide = true)
    {
        Rex(wide, reg, 0, @base);
        Opcode(opcode);
        bool none = displacement == 0 && (@base & 7) != 5, small = displacement is >= -128 and < 128;
        Byte((none ? 0 : small ? 0x40 : 0x80) | ((reg & 7) << 3) | (@base & 7));
        if ((@base & 7) == 4) Byte(0x24);
        if (none) return;
        if (small) Byte(displacement);
        else Int32(displacement);
    }

    /// <summary>lea to, [base + index * scale + displacement]; -1 for an absent part.</summary>
    public void LoadAddress(int to, int @base, int index, int scale, int displacement)
    {
        if (index < 0 && (@base & 7) != 4)
        {
            At(0x8D, to, @base, displacement, wide: true);
            return;
        }
        Rex(true, to, Math.Max(index, 0), Math.Max(@base, 0));
        Byte(0x8D);
        bool wide = @base < 0 || displacement is < -128 or > 127;
        Byte((@base < 0 ? 0 : wide ? 0x80 : 0x40) | ((to & 7) << 3) | 4);
        int log = System.Numerics.BitOperations.TrailingZeroCount(scale);
        Byte((log << 6) | ((index < 0 ? 4 : index & 7) << 3) | (@base < 0 ? 5 : @base & 7));
        if (wide) Int32(displacement);
        else Byte(displacement);
    }

    private void Opcode(int opcode)
    {
        if (opcode > 0xFF) Byte(opcode >> 8);
        Byte(opcode);
    }

    /// <summary>Moves a constant into a register by the shortest encoding; flags stay.</summary>
    public void Constant(int register, long value)
    {
        if (value is >= 0 and <= uint.MaxValue)
        {
            Rex(false, 0, 0, register);
            Byte(0xB8 | (register & 7));
            Int32((int)value);
        }
        else if (value == (int)value)
        {
            Rex(true, 0, 0, register);
            Byte(0xC7);
            Byte(0xC0 | (register & 7));
            Int32((int)value);
        }
        else
        {
            Rex(true, 0, 0, register);
            Byte(0xB8 | (register & 7));
            Int64(value);
        }
    }

    public void Move(int to, int from) => Op(0x8B, to, from);

    /// <summary>op rm, imm32 of group 1: 0 ADD, 4 AND, 5 SUB, 7 CMP.</summary>
    public void Immediate(int operation, int rm, int value, bool wide = true)
    {
        Rex(wide, 0, 0, rm);
        bool small = value is >= -128 and < 128;
        Byte(small ? 0x83 : 0x81);
        Byte(0xC0 | (operation << 3) | (rm & 7));
        if (small) Byte(value);
        else Int32(value);
    }

    /// <summary>Shift by a constant: 4 SHL, 5 SHR, 7 SAR.</summary>
    public void ShiftBy(int operation, int rm, int count, bool wide = true)
    {
        Rex(wide, 0, 0, rm);
        Byte(0xC1);
        Byte(0xC0 | (operation << 3) | (rm & 7));
        Byte(count);
    }

    /// <summary>A jump whose target is set later; gives the place of its distance.</summary>
    public int Jump()
    {
        Byte(0xE9);
        Int32(0);
        return Position - 4;
    }

    /// <summary>As <see cref="Jump()"/>, conditional; the condition as encoded.</summary>
    public int JumpIf(int condition)
    {
        Byte(0x0F);
        Byte(0x80 | condition);
        Int32(0);
        return Position - 4;
    }

    public void JumpTo(nint target)
    {
        Byte(0xE9);
        Int32((int)(target - Here - 4));
    }

    public void JumpTo(int position) => JumpTo(Origin + position);

    public void Call(nint target)
    {
        Byte(0xE8);
        Int32((int)(target - Here - 4));
    }

    /// <summary>Lets an earlier jump go to a position.</summary>
    public void Bind(int place, int position) => BitConverter.TryWriteBytes(_bytes.AsSpan(place), position - place - 4);

    public void Bind(int place) => Bind(place, Position);

    /// <summary>As <see cref="Bind(int)"/>, for a distance of one byte.</summary>
    public void BindShort(int place) => _bytes[place] = (byte)(Position - place - 1);
}
