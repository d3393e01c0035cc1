using System.Buffers.Binary;
using System.Globalization;

namespace Berth.Containers.Logs;

/// <summary>
/// The log's form on disk, little-endian: files <c>NNNNNNNN.log</c> numbered upwards; each begins with a magic number, then records of
/// <c>u64 unix-nanoseconds, u8 stream, u8 flags, u32 length, payload, u32 length</c>. The length stands at both ends, so that a log can
/// be read backwards and a torn record shows. A payload is what one read gave: whole lines, and perhaps a beginning or an end of one.
/// </summary>
internal static class LogFormat
{
    public const int HeaderBytes = 14, TrailerBytes = 4, OverheadBytes = HeaderBytes + TrailerBytes;
    public const int MaxPayloadBytes = 64 << 10;
    public const int MaxLineBytes = 16 << 10;
    public const byte FlagPartial = 1;

    /// <summary>Stream number of records that say something about the process: a flag below, no payload.</summary>
    public const byte Marker = 3;

    public const byte MarkerStart = 1, MarkerEnd = 2;

    public static ReadOnlySpan<byte> Magic => "BERTHLG1"u8;

    /// <summary>Path of the file with this number.</summary>
    public static string PathOf(string directory, long sequence) => Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{sequence:D8}.log"));

    /// <summary>Numbers of the files there are, oldest first.</summary>
    public static List<long> Sequences(string directory)
    {
        List<long> result = [];
        if (!Directory.Exists(directory))
            return result;
        foreach (string path in Directory.EnumerateFiles(directory, "*.log"))
        {
            if (long.TryParse(Path.GetFileNameWithoutExtension(path.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out long sequence))
                result.Add(sequence);
        }
        result.Sort();
        return result;
    }

    /// <summary>Writes header and trailer around a payload of <paramref name="length"/> bytes that stands at <see cref="HeaderBytes"/>.</summary>
    public static Span<byte> Frame(Span<byte> record, int length, long time, byte stream, byte flags)
    {
        BinaryPrimitives.WriteInt64LittleEndian(record, time);
        record[8] = stream;
        record[9] = flags;
        BinaryPrimitives.WriteInt32LittleEndian(record[10..], length);
        BinaryPrimitives.WriteInt32LittleEndian(record[(HeaderBytes + length)..], length);
        return record[..(OverheadBytes + length)];
    }

    /// <summary>Reads a header; false when it cannot be one.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out LogRecord record)
    {
        record = new LogRecord(BinaryPrimitives.ReadInt64LittleEndian(bytes), bytes[8], bytes[9], BinaryPrimitives.ReadInt32LittleEndian(bytes[10..]));
        return record.Length is >= 0 and <= MaxPayloadBytes && record.Stream is 1 or 2 or Marker;
    }

    /// <summary>Nanoseconds since 1970; a clock outside 1678-2262 is clamped.</summary>
    public static long Nanoseconds(DateTimeOffset time)
    {
        long ticks = (time - DateTimeOffset.UnixEpoch).Ticks;
        return Math.Clamp(ticks, long.MinValue / 100, long.MaxValue / 100) * 100;
    }
}
