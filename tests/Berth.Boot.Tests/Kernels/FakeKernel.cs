using System.Buffers.Binary;

namespace Berth.Boot.Tests.Kernels;

/// <summary>Small files in the kernel formats, valid until a test damages them.</summary>
internal static class FakeKernel
{
    public static byte[] BzImage()
    {
        byte[] file = new byte[512 * 3 + 4096];
        file[0x1F1] = 2;
        U32(file, 0x1F4, 4096 / 16);
        U16(file, 0x1FE, 0xAA55);
        file[0x201] = 0x6A;
        "HdrS"u8.CopyTo(file.AsSpan(0x202));
        U16(file, 0x206, 0x20F);
        file[0x211] = 1;
        U32(file, 0x22C, 0x7FFF_FFFF);
        U32(file, 0x230, 0x20_0000);
        U16(file, 0x236, 1);
        U32(file, 0x238, 2047);
        U32(file, 0x248, 0x400);
        U32(file, 0x24C, 0x100);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(0x258), 0x100_0000);
        U32(file, 0x260, 0x20_0000);
        file[512 * 3 + 0x200] = 0xF4;
        return file;
    }

    public static byte[] Elf(bool pvh)
    {
        byte[] file = new byte[0x300];
        new byte[] { 0x7F, 0x45, 0x4C, 0x46, 2, 1, 1 }.CopyTo(file, 0);
        U16(file, 16, 2);
        U16(file, 18, 62);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(24), 0x100_0010);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(32), 64);
        U16(file, 54, 56);
        U16(file, 56, 2);
        Header(file, 64, type: 1, offset: 0x200, address: 0x100_0000, inFile: 0x100, inMemory: 0x2000);
        Header(file, 120, type: pvh ? 4u : 0u, offset: 0x100, address: 0, inFile: 0x30, inMemory: 0);
        // A foreign note first, its name and descriptor padded to four bytes.
        U32(file, 0x100, 3);
        U32(file, 0x104, 5);
        U32(file, 0x108, 18);
        // 12 + 4 + 8 bytes further on: the one that counts.
        U32(file, 0x118, 4);
        U32(file, 0x11C, 8);
        U32(file, 0x120, 18);
        "Xen"u8.CopyTo(file.AsSpan(0x124));
        U32(file, 0x128, 0x100_0020);
        U32(file, 0x12C, 0);
        file[0x210] = 0xF4;
        return file;
    }

    public static void U16(byte[] file, int offset, int value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(offset), (ushort)value);

    public static void U32(byte[] file, int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(offset), value);

    private static void Header(byte[] file, int at, uint type, ulong offset, ulong address, ulong inFile, ulong inMemory)
    {
        U32(file, at, type);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at + 8), offset);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at + 24), address);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at + 32), inFile);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at + 40), inMemory);
    }
}
