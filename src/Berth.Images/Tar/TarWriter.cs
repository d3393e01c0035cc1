using System.Globalization;
using System.Text;

namespace Berth.Images.Tar;

/// <summary>
/// Writes a tar stream: plain ustar headers, with PAX records only for what they cannot hold, so that the same entries always give
/// the same bytes. [PAX]; sparse files as GNU sparse 1.0.
/// </summary>
internal sealed class TarWriter(Stream stream)
{
    private const long MaxOctalId = 0x1F_FFFF;        // seven octal digits
    private const long MaxOctalSize = 0x1_FFFF_FFFF;  // eleven octal digits: 8 GiB

    private static readonly byte[] Zeros = new byte[TarHeader.BlockSize * 2];

    private readonly byte[] _block = new byte[TarHeader.BlockSize];
    private long _dataLeft;
    private int _padding;

    /// <summary>Writes a header; for files, the data (sparse files: the stored runs one after another) must follow.</summary>
    public async ValueTask WriteEntryAsync(TarEntry entry, CancellationToken cancellation)
    {
        await EndEntryAsync(cancellation);
        byte[]? map = entry.Sparse is null ? null : SparseMap(entry.Sparse);
        long stored = entry.Type != TarEntryType.File ? 0
            : map is null ? entry.Size
            : map.Length + entry.Sparse!.Sum(extent => extent.Length);
        byte[] pax = PaxRecords(entry, stored, map is not null);
        if (pax.Length > 0)
        {
            FillHeader("././@PaxHeader", 'x', 0x1A4, 0, 0, pax.Length, 0, "", 0, 0);
            await stream.WriteAsync(_block, cancellation);
            await stream.WriteAsync(pax, cancellation);
            await stream.WriteAsync(Zeros.AsMemory(0, Padding(pax.Length)), cancellation);
        }
        FillHeader(map is null ? entry.Name : "GNUSparseFile.0/file", TypeFlag(entry.Type), entry.Mode, entry.Uid, entry.Gid, stored,
            Math.Clamp(entry.ModifiedAt.Seconds, 0, MaxOctalSize), entry.LinkName, entry.DeviceMajor, entry.DeviceMinor);
        await stream.WriteAsync(_block, cancellation);
        _dataLeft = stored;
        _padding = Padding(stored);
        if (map is not null)
        {
            await WriteDataAsync(map, cancellation);
        }
    }

    /// <summary>Writes data of the current entry.</summary>
    public async ValueTask WriteDataAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        if (data.Length > _dataLeft)
        {
            throw new InvalidOperationException("More data than the header announced.");
        }
        await stream.WriteAsync(data, cancellation);
        _dataLeft -= data.Length;
    }

    /// <summary>Writes a small file.</summary>
    public async ValueTask WriteFileAsync(string name, ReadOnlyMemory<byte> content, TarTime modifiedAt, CancellationToken cancellation)
    {
        await WriteEntryAsync(new TarEntry { Name = name, Type = TarEntryType.File, Mode = 0x1A4, Size = content.Length, ModifiedAt = modifiedAt }, cancellation);
        await WriteDataAsync(content, cancellation);
    }

    /// <summary>Writes the end-of-archive mark.</summary>
    public async ValueTask CompleteAsync(CancellationToken cancellation)
    {
        await EndEntryAsync(cancellation);
        await stream.WriteAsync(Zeros, cancellation);
        await stream.FlushAsync(cancellation);
    }

    private async ValueTask EndEntryAsync(CancellationToken cancellation)
    {
        if (_dataLeft != 0)
        {
            throw new InvalidOperationException("Less data than the header announced.");
        }
        if (_padding > 0)
        {
            await stream.WriteAsync(Zeros.AsMemory(0, _padding), cancellation);
            _padding = 0;
        }
    }

    private static byte[] PaxRecords(TarEntry entry, long stored, bool sparse)
    {
        using var records = new MemoryStream();
        if (sparse)
        {
            Add(records, "GNU.sparse.major", "1");
            Add(records, "GNU.sparse.minor", "0");
            Add(records, "GNU.sparse.name", entry.Name);
            Add(records, "GNU.sparse.realsize", entry.Size.ToString(CultureInfo.InvariantCulture));
        }
        else if (!FitsField(entry.Name))
        {
            Add(records, "path", entry.Name);
        }
        if (!FitsField(entry.LinkName))
        {
            Add(records, "linkpath", entry.LinkName);
        }
        if (stored > MaxOctalSize)
        {
            Add(records, "size", stored.ToString(CultureInfo.InvariantCulture));
        }
        if (entry.Uid > MaxOctalId)
        {
            Add(records, "uid", entry.Uid.ToString(CultureInfo.InvariantCulture));
        }
        if (entry.Gid > MaxOctalId)
        {
            Add(records, "gid", entry.Gid.ToString(CultureInfo.InvariantCulture));
        }
        if (entry.ModifiedAt is { Nanoseconds: not 0 } or { Seconds: < 0 or > MaxOctalSize })
        {
            Add(records, "mtime", entry.ModifiedAt.ToPax());
        }
        foreach (Xattr xattr in entry.Attributes)
        {
            Add(records, "SCHILY.xattr." + xattr.Name, xattr.Value);
        }
        return records.ToArray();
    }

    private static bool FitsField(string text) => text.Length <= 100 && Ascii.IsValid(text);

    private static void Add(MemoryStream records, string key, string value) => Add(records, key, Encoding.UTF8.GetBytes(value));

    private static void Add(MemoryStream records, string key, byte[] value)
    {
        // The length counts its own digits.
        byte[] start = Encoding.UTF8.GetBytes($" {key}=");
        int body = start.Length + value.Length + 1, length = body + 1;
        while (length != body + length.ToString(CultureInfo.InvariantCulture).Length)
        {
            length = body + length.ToString(CultureInfo.InvariantCulture).Length;
        }
        records.Write(Encoding.ASCII.GetBytes(length.ToString(CultureInfo.InvariantCulture)));
        records.Write(start);
        records.Write(value);
        records.WriteByte((byte)'\n');
    }

    private static byte[] SparseMap(IReadOnlyList<SparseExtent> extents)
    {
        var map = new StringBuilder().Append(extents.Count).Append('\n');
        foreach (SparseExtent extent in extents)
        {
            map.Append(extent.Offset).Append('\n').Append(extent.Length).Append('\n');
        }
        map.Append('\0', Padding(map.Length));
        return Encoding.ASCII.GetBytes(map.ToString());
    }

    private static char TypeFlag(TarEntryType type) => type switch
    {
        TarEntryType.File => '0',
        TarEntryType.HardLink => '1',
        TarEntryType.SymbolicLink => '2',
        TarEntryType.CharacterDevice => '3',
        TarEntryType.BlockDevice => '4',
        TarEntryType.Directory => '5',
        _ => '6',
    };

    private void FillHeader(string name, char type, int mode, uint uid, uint gid, long size, long seconds, string link, uint major, uint minor)
    {
        Span<byte> block = _block;
        block.Clear();
        SetText(block[TarHeader.Name], name);
        SetNumber(block[TarHeader.Mode], mode & 0xFFF);
        SetNumber(block[TarHeader.Uid], uid > MaxOctalId ? 0 : uid);
        SetNumber(block[TarHeader.Gid], gid > MaxOctalId ? 0 : gid);
        SetNumber(block[TarHeader.Size], size > MaxOctalSize ? 0 : size);
        SetNumber(block[TarHeader.Time], seconds);
        block[TarHeader.TypeFlag] = (byte)type;
        SetText(block[TarHeader.LinkName], link);
        "ustar\00000"u8[..8].CopyTo(block[TarHeader.Magic]);
        SetNumber(block[TarHeader.DeviceMajor], major);
        SetNumber(block[TarHeader.DeviceMinor], minor);
        long sum = TarHeader.Sums(block).Unsigned;
        SetNumber(block[TarHeader.Checksum][..7], sum);
        block[155] = (byte)' ';
    }

    // What does not fit is in a PAX record; the field then holds a shortened form for readers that know none.
    private static void SetText(Span<byte> field, string text)
    {
        foreach ((int i, char c) in text.Take(field.Length).Index())
        {
            field[i] = c < 0x80 ? (byte)c : (byte)'_';
        }
    }

    private static void SetNumber(Span<byte> field, long value)
    {
        for (int i = field.Length - 2; i >= 0; i--, value >>= 3)
        {
            field[i] = (byte)('0' + (value & 7));
        }
    }

    private static int Padding(long size) => (int)(-size & (TarHeader.BlockSize - 1));
}
