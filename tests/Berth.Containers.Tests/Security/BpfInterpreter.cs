using System.Buffers.Binary;
using Berth.Containers.Security;

namespace Berth.Containers.Tests.Security;

/// <summary>Runs classic BPF on one system call, as the kernel would; refuses what the kernel's checker refuses.</summary>
internal static class BpfInterpreter
{
    public static uint Run(IReadOnlyList<BpfInstruction> program, uint audit, uint number, ReadOnlySpan<ulong> arguments)
    {
        Span<byte> data = stackalloc byte[64];
        BinaryPrimitives.WriteUInt32LittleEndian(data, number);
        BinaryPrimitives.WriteUInt32LittleEndian(data[4..], audit);
        for (int i = 0; i < 6; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(data[(16 + i * 8)..], arguments[i]);

        uint accumulator = 0;
        for (int pc = 0; ; pc++)
        {
            BpfInstruction instruction = program[pc];
            switch (instruction.Code)
            {
                case 0x20: // ld [k]
                    Assert.True(instruction.Value % 4 == 0 && instruction.Value < 64);
                    accumulator = BinaryPrimitives.ReadUInt32LittleEndian(data[(int)instruction.Value..]);
                    break;
                case 0x54: accumulator &= instruction.Value; break;
                case 0x05: pc += (int)instruction.Value; break;
                case 0x15: pc += accumulator == instruction.Value ? instruction.JumpTrue : instruction.JumpFalse; break;
                case 0x25: pc += accumulator > instruction.Value ? instruction.JumpTrue : instruction.JumpFalse; break;
                case 0x35: pc += accumulator >= instruction.Value ? instruction.JumpTrue : instruction.JumpFalse; break;
                case 0x06: return instruction.Value;
                default: throw new InvalidOperationException($"opcode 0x{instruction.Code:x}");
            }
        }
    }
}
