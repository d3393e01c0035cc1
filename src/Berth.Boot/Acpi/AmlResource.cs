using Berth.Boot.Layout;

namespace Berth.Boot.Acpi;

/// <summary>Resource descriptors for _CRS. Spec: [ACPI] 6.4.</summary>
internal static class AmlResource
{
    private const byte MemoryType = 0;
    private const byte IoType = 1;
    private const byte BusType = 2;
    private const byte FixedRange = 0x0C;

    /// <summary>IO (Decode16, …).</summary>
    public static byte[] Io(ushort port, byte length) =>
        new TableWriter().U8(0x47, 1).U16(port).U16(port).U8(1, length).ToArray();

    /// <summary>IRQNoFlags () { … }: edge-triggered, active high.</summary>
    public static byte[] Irq(int interrupt) => new TableWriter().U8(0x22).U16((ushort)(1 << interrupt)).ToArray();

    /// <summary>WordBusNumber (ResourceProducer, …).</summary>
    public static byte[] Buses(byte first, byte last) => Word(BusType, 0, first, last);

    /// <summary>WordIO (ResourceProducer, …, EntireRange).</summary>
    public static byte[] IoWindow(ushort first, ushort last) => Word(IoType, 3, first, last);

    /// <summary>DWordMemory (ResourceProducer, …, NonCacheable, ReadWrite).</summary>
    public static byte[] Memory32(uint first, uint length) => new TableWriter().U8(0x87).U16(23).U8(MemoryType, FixedRange, 1)
        .U32(0).U32(first).U32(first + (length - 1)).U32(0).U32(length).ToArray();

    /// <summary>QWordMemory (ResourceProducer, …, NonCacheable, ReadWrite).</summary>
    public static byte[] Memory64(ulong first, ulong length) => new TableWriter().U8(0x8A).U16(43).U8(MemoryType, FixedRange, 1)
        .U64(0).U64(first).U64(first + (length - 1)).U64(0).U64(length).ToArray();

    /// <summary>Memory32Fixed (ReadWrite, …).</summary>
    public static byte[] Fixed32(uint address, uint length) => new TableWriter().U8(0x86).U16(9).U8(1).U32(address).U32(length).ToArray();

    private static byte[] Word(byte type, byte flags, ushort first, ushort last) => new TableWriter().U8(0x88).U16(13).U8(type, FixedRange, flags)
        .U16(0).U16(first).U16(last).U16(0).U16((ushort)(last - first + 1)).ToArray();
}
