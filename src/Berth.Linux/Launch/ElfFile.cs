using System.Buffers.Binary;

namespace Berth.Linux.Launch;

/// <summary>Writes small static x86-64 programs. [ELF]</summary>
internal static class ElfFile
{
    private const int Page = 4096;
    private const ulong UsualAddress = 0x400000;

    /// <summary>Bytes before the code of a program without data.</summary>
    public const int HeaderSize = 64 + 56;

    /// <summary>A file that starts at the first byte of <paramref name="code"/>; <paramref name="data"/>, if any, is writable memory at
    /// <paramref name="dataAddress"/>; that and <paramref name="loadAddress"/>, where headers and code go, must begin a page.</summary>
    public static byte[] Build(ReadOnlySpan<byte> code, ReadOnlySpan<byte> data, ulong dataAddress, ulong loadAddress = UsualAddress)
    {
        int headers = data.IsEmpty ? 1 : 2, codeStart = 64 + 56 * headers, codeEnd = codeStart + code.Length;
        int dataStart = (codeEnd + Page - 1) / Page * Page;
        byte[] image = new byte[data.IsEmpty ? codeEnd : dataStart + data.Length];
        ReadOnlySpan<byte> identification = [0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        identification.CopyTo(image);
        Half(16, 2); // ET_EXEC
        Half(18, 62); // EM_X86_64
        Word(20, 1);
        Long(24, loadAddress + (ulong)codeStart); // entry
        Long(32, 64); // program headers
        Half(52, 64);
        Half(54, 56);
        Half(56, (ushort)headers);
        Load(64, 5 /* PF_R | PF_X */, 0, loadAddress, codeEnd);
        if (!data.IsEmpty) Load(120, 6 /* PF_R | PF_W */, dataStart, dataAddress, data.Length);
        code.CopyTo(image.AsSpan(codeStart));
        if (!data.IsEmpty) data.CopyTo(image.AsSpan(dataStart));
        return image;

        void Load(int header, uint flags, int offset, ulong address, int size)
        {
            Word(header, 1); // PT_LOAD
            Word(header + 4, flags);
            Long(header + 8, (ulong)offset);
            Long(header + 16, address);
            Long(header + 24, address);
            Long(header + 32, (ulong)size);
            Long(header + 40, (ulong)size);
            Long(header + 48, Page);
        }

        void Half(int offset, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(offset), value);
        void Word(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(offset), value);
        void Long(int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(offset), value);
    }
}
