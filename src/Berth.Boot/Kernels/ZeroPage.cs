using System.Buffers.Binary;
using Berth.Boot.Layout;
using Berth.Machine;

namespace Berth.Boot.Kernels;

/// <summary>struct boot_params, by which a 64-bit Linux learns of its machine. Spec: [LINUX-BOOT] "Zero Page".</summary>
internal static class ZeroPage
{
    private const int RsdpAddress = 0x70;
    private const int RamdiskHigh = 0xC0;
    private const int E820Count = 0x1E8;
    private const int SetupHeader = 0x1F1;
    private const int LoaderType = 0x210;
    private const int LoadFlags = 0x211;
    private const int RamdiskImage = 0x218;
    private const int RamdiskSize = 0x21C;
    private const int CommandLinePointer = 0x228;
    private const int E820Table = 0x2D0;

    /// <summary>Writes the page.</summary>
    public static void Write(GuestMemory memory, KernelImage kernel, BootParameters boot)
    {
        byte[] page = new byte[4096];
        if (kernel is BzImage image) image.Header.Span.CopyTo(page.AsSpan(SetupHeader));
        else
        {
            BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(0x1FE), 0xAA55);
            "HdrS"u8.CopyTo(page.AsSpan(0x202));
            BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(0x206), 0x20C);
            BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(0x230), 0x100_0000);
            page[LoadFlags] = 1;
        }
        page[LoaderType] = 0xFF;
        // No heap and no real-mode part: CAN_USE_HEAP stays clear.
        page[LoadFlags] &= 0x7F;
        BinaryPrimitives.WriteUInt64LittleEndian(page.AsSpan(RsdpAddress), boot.RsdpAddress);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(RamdiskImage), (uint)boot.InitrdAddress);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(RamdiskSize), (uint)boot.InitrdLength);
        BinaryPrimitives.WriteUInt64LittleEndian(page.AsSpan(RamdiskHigh), 0);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(CommandLinePointer), (uint)LowMemory.CommandLine);
        page[E820Count] = (byte)boot.Map.Count;
        int at = E820Table;
        foreach (E820Entry entry in boot.Map)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(page.AsSpan(at), entry.Address);
            BinaryPrimitives.WriteUInt64LittleEndian(page.AsSpan(at + 8), entry.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(at + 16), (uint)entry.Type);
            at += 20;
        }
        memory.Write(LowMemory.ZeroPage, page);
    }
}
