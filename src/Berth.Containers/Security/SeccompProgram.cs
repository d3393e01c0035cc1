using System.Buffers.Binary;

namespace Berth.Containers.Security;

/// <summary>A filter ready for seccomp(2).</summary>
/// <param name="Instructions">At most 4096.</param>
/// <param name="Flags">SECCOMP_FILTER_FLAG_… bits.</param>
public sealed record SeccompProgram(IReadOnlyList<BpfInstruction> Instructions, uint Flags)
{
    /// <summary>The instructions as an array of the kernel's <c>sock_filter</c>, 8 bytes each.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Instructions.Count * 8];
        for (int i = 0; i < Instructions.Count; i++)
        {
            Span<byte> slot = bytes.AsSpan(i * 8, 8);
            BinaryPrimitives.WriteUInt16LittleEndian(slot, Instructions[i].Code);
            slot[2] = Instructions[i].JumpTrue;
            slot[3] = Instructions[i].JumpFalse;
            BinaryPrimitives.WriteUInt32LittleEndian(slot[4..], Instructions[i].Value);
        }
        return bytes;
    }
}
