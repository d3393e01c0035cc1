using System.Text;

namespace Berth.Boot.Acpi;

/// <summary>Encodes the few AML terms that the DSDT needs; each gives the bytes of one term. Spec: [ACPI] 20.2.</summary>
internal static class Aml
{
    private const byte ZeroOp = 0x00;
    private const byte OneOp = 0x01;
    private const byte NameOp = 0x08;
    private const byte BytePrefix = 0x0A;
    private const byte WordPrefix = 0x0B;
    private const byte DWordPrefix = 0x0C;
    private const byte StringPrefix = 0x0D;
    private const byte QWordPrefix = 0x0E;
    private const byte ScopeOp = 0x10;
    private const byte BufferOp = 0x11;
    private const byte PackageOp = 0x12;
    private const byte ExtendedPrefix = 0x5B;
    private const byte DeviceOp = 0x82;

    /// <summary>Name (name, value).</summary>
    public static byte[] Name(string name, byte[] value) => [NameOp, .. Path(name), .. value];

    /// <summary>Scope (name) { … }.</summary>
    public static byte[] Scope(string name, params byte[][] terms) => [ScopeOp, .. Sized([.. Path(name), .. Join(terms)])];

    /// <summary>Device (name) { … }.</summary>
    public static byte[] Device(string name, params byte[][] terms) => [ExtendedPrefix, DeviceOp, .. Sized([.. Path(name), .. Join(terms)])];

    /// <summary>Package () { … }, at most 255 elements.</summary>
    public static byte[] Package(params byte[][] elements) => [PackageOp, .. Sized([checked((byte)elements.Length), .. Join(elements)])];

    /// <summary>Buffer () { … }.</summary>
    public static byte[] Buffer(params byte[] bytes) => [BufferOp, .. Sized([.. Integer((ulong)bytes.Length), .. bytes])];

    /// <summary>ResourceTemplate () { … }: the descriptors and an end tag without checksum.</summary>
    public static byte[] Resources(params byte[][] descriptors) => Buffer([.. Join(descriptors), 0x79, 0]);

    /// <summary>An integer in its shortest form.</summary>
    public static byte[] Integer(ulong value) => value switch
    {
        0 => [ZeroOp],
        1 => [OneOp],
        <= byte.MaxValue => [BytePrefix, (byte)value],
        <= ushort.MaxValue => [WordPrefix, .. BitConverter.GetBytes((ushort)value)],
        <= uint.MaxValue => [DWordPrefix, .. BitConverter.GetBytes((uint)value)],
        _ => [QWordPrefix, .. BitConverter.GetBytes(value)],
    };

    /// <summary>A string of ASCII characters.</summary>
    public static byte[] Text(string text) => [StringPrefix, .. Encoding.ASCII.GetBytes(text), 0];

    /// <summary>EisaId ("PNP0A08"): three letters of five bits and four hexadecimal digits, big-endian.</summary>
    public static byte[] EisaId(string id)
    {
        int letters = (id[0] - 0x40) << 10 | (id[1] - 0x40) << 5 | (id[2] - 0x40);
        ushort number = Convert.ToUInt16(id[3..], 16);
        return [DWordPrefix, (byte)(letters >> 8), (byte)letters, (byte)(number >> 8), (byte)number];
    }

    // \ and segments of four characters, padded with underscores
    private static byte[] Path(string name)
    {
        bool root = name.StartsWith('\\');
        string[] segments = (root ? name[1..] : name).Split('.');
        byte[] text = Encoding.ASCII.GetBytes(string.Concat(segments.Select(s => s.PadRight(4, '_'))));
        byte[] prefix = segments.Length switch { 1 => [], 2 => [0x2E], _ => [0x2F, (byte)segments.Length] };
        return root ? [(byte)'\\', .. prefix, .. text] : [.. prefix, .. text];
    }

    // PkgLength counts itself: 6 bits in one byte, else 4 bits and one to three bytes more.
    private static byte[] Sized(byte[] content)
    {
        int length = content.Length + 1;
        if (length < 64) return [(byte)length, .. content];
        int extra = ++length < 1 << 12 ? 1 : ++length < 1 << 20 ? 2 : 3;
        if (extra == 3) length++;
        byte[] head = new byte[1 + extra];
        head[0] = (byte)(extra << 6 | length & 15);
        for (int i = 0; i < extra; i++) head[i + 1] = (byte)(length >> (4 + 8 * i));
        return [.. head, .. content];
    }

    private static byte[] Join(byte[][] parts) => [.. parts.SelectMany(part => part)];
}
