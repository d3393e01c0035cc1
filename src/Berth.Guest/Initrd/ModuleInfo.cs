using System.Buffers.Binary;
using System.Text;

namespace Berth.Guest.Initrd;

/// <summary>What a kernel module says of itself: the <c>.modinfo</c> section of its 64-bit ELF file. [ELF]</summary>
internal static class ModuleInfo
{
    private const int SectionEntry = 64, MaxSections = 65535;

    /// <summary>Names of the modules it needs.</summary>
    /// <exception cref="InitrdException">The file is no module.</exception>
    public static string[] Dependencies(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        try
        {
            foreach (string entry in Encoding.UTF8.GetString(Section(file, ".modinfo")).Split('\0'))
            {
                if (entry.StartsWith("depends=", StringComparison.Ordinal))
                {
                    return entry[8..].Split(',', StringSplitOptions.RemoveEmptyEntries);
                }
            }
            return [];
        }
        catch (ArgumentException e)
        {
            throw new InitrdException($"{path} is not a kernel module: its ELF tables lead outside the file", e);
        }
    }

    private static ReadOnlySpan<byte> Section(ReadOnlySpan<byte> file, string name)
    {
        int table = checked((int)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(file[40..]), int.MaxValue));
        int count = Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(file[60..]), (ushort)MaxSections);
        int names = BinaryPrimitives.ReadUInt16LittleEndian(file[62..]);
        ReadOnlySpan<byte> texts = Content(file, table, names);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> text = texts[BinaryPrimitives.ReadInt32LittleEndian(Entry(file, table, i))..];
            if (text.Length > name.Length && text[name.Length] == 0 && Encoding.ASCII.GetString(text[..name.Length]) == name)
            {
                return Content(file, table, i);
            }
        }
        return default;
    }

    private static ReadOnlySpan<byte> Entry(ReadOnlySpan<byte> file, int table, int index) => file[table..].Slice(index * SectionEntry, SectionEntry);

    private static ReadOnlySpan<byte> Content(ReadOnlySpan<byte> file, int table, int index)
    {
        ReadOnlySpan<byte> entry = Entry(file, table, index);
        ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(entry[24..]), size = BinaryPrimitives.ReadUInt64LittleEndian(entry[32..]);
        return offset <= (ulong)file.Length && size <= (ulong)file.Length - offset
            ? file.Slice((int)offset, (int)size)
            : throw new ArgumentOutOfRangeException(nameof(index));
    }
}
