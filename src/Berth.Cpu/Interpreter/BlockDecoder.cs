using Berth.Cpu.Host;
using Berth.Cpu.State;
using Iced.Intel;

namespace Berth.Cpu.Interpreter;

/// <summary>Turns code bytes into <see cref="Op"/>s: Iced decodes, <see cref="Operands"/> flattens operands, <see cref="Dispatch"/> chooses handlers.</summary>
internal sealed unsafe class BlockDecoder(StubCache stubs)
{
    private readonly PointerReader _reader = new();
    private Decoder[]? _decoders;

    /// <summary>Decodes up to a branch, a page end or <see cref="Block.MaxOps"/>; not zero if not even one instruction fits into the bytes.</summary>
    public int Decode(Block* block, byte* bytes, int available, int codeSize) => Decode(block, bytes, available, codeSize, Block.MaxOps);

    /// <summary>Decodes one instruction; the bytes suffice for any.</summary>
    public void DecodeOne(Block* block, byte* bytes, int available, int codeSize) => Decode(block, bytes, available, codeSize, 1);

    private int Decode(Block* block, byte* bytes, int available, int codeSize, int limit)
    {
        _decoders ??= [Decoder.Create(16, _reader), Decoder.Create(32, _reader), Decoder.Create(64, _reader)];
        Decoder decoder = _decoders[codeSize];
        block->Ops = (Op*)(block + 1);
        block->Count = 0;
        block->Branches = false;
        int offset = 0;
        while (block->Count < limit && offset < available)
        {
            _reader.Reset(bytes + offset, available - offset);
            decoder.IP = (ulong)offset;
            decoder.Decode(out Instruction instruction);
            if (_reader.RanOut)
            {
                if (block->Count == 0 && available < 16) return 1;
                if (block->Count > 0) break;
            }
            Op* op = block->Ops + block->Count;
            *op = default;
            op->Offset = (ushort)offset;
            int length = instruction.IsInvalid ? Math.Max(1, instruction.Length) : instruction.Length;
            op->Next = (ushort)(offset + length);
            bool ends = Dispatch.Bind(instruction, op, codeSize, stubs, out bool branches);
            offset += length;
            block->Count++;
            if (!ends) continue;
            block->Branches = branches;
            break;
        }
        block->Length = (ushort)offset;
        return 0;
    }
}
