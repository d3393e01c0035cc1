using System.Buffers;
using System.Globalization;
using System.Text;

namespace Berth.Images.Tar;

/// <summary>
/// Reads a tar stream forwards: ustar, PAX, GNU long names, base-256 numbers and every GNU sparse form.
/// Nothing is believed: sizes, counts and names are bounded by <see cref="ArchiveLimits"/>.
/// </summary>
internal sealed class TarReader(Stream stream, ArchiveLimits limits) : IDisposable
{
    private const int BufferSize = 256 * 1024;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
    private int _start, _end;
    private long _dataLeft, _total;
    private int _padding, _entries;
    private bool _ended;

    /// <summary>When set, a stream that stops without the end-of-archive mark is taken as cut off.</summary>
    public bool RequireEndMark { get; init; }

    /// <summary>The next entry, or null at the end of the archive; what is left of the current entry's data is skipped.</summary>
    /// <exception cref="ImageException">The archive is malformed, cut off or over a limit.</exception>
    public async ValueTask<TarEntry?> ReadEntryAsync(CancellationToken cancellation)
    {
        await SkipDataAsync(cancellation);
        PaxRecords? pax = null;
        string? longName = null, longLink = null;
        int headerBytes = 0;
        while (!_ended)
        {
            if (!await FillAsync(TarHeader.BlockSize, cancellation))
            {
                End(Available == 0 && pax is null && longName is null && longLink is null);
                return null;
            }
            if (TarHeader.IsZero(_buffer.AsSpan(_start, TarHeader.BlockSize)))
            {
                _ended = pax is null && longName is null && longLink is null ? true : throw Truncated();
                return null;
            }
            if (!TarHeader.ChecksumHolds(_buffer.AsSpan(_start, TarHeader.BlockSize)))
            {
                throw ImageException.BadArchive(_entries == 0 ? "this is not a tar archive (the first header's checksum is wrong)" : $"the header after entry {_entries} has a wrong checksum");
            }
            char type = (char)_buffer[_start + TarHeader.TypeFlag];
            if (type is 'x' or 'X' or 'g' or 'L' or 'K')
            {
                byte[] body = await ReadExtensionAsync(type, limits.MaxHeaderBytes - headerBytes, cancellation);
                headerBytes += body.Length;
                switch (type)
                {
                    case 'L':
                        longName = LongText(body);
                        break;
                    case 'K':
                        longLink = LongText(body);
                        break;
                    case 'x' or 'X':
                        (pax ??= new PaxRecords()).Add(body, limits);
                        break;
                    default:
                        break; // global headers carry comments (git archive); Docker takes nothing from them either
                }
                continue;
            }
            if (type == 'V')
            {
                Take(TarHeader.BlockSize); // GNU volume label
                continue;
            }
            if (++_entries > limits.MaxEntries)
            {
                throw ImageException.BadArchive($"more than {limits.MaxEntries} entries");
            }
            return await ReadHeaderAsync(type, pax, longName, longLink, cancellation);
        }
        return null;
    }

    /// <summary>The next run of the entry's stored data, valid until the next call; empty at its end.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadDataAsync(CancellationToken cancellation)
    {
        if (_dataLeft == 0)
        {
            return default;
        }
        if (Available == 0 && !await FillAsync(1, cancellation))
        {
            throw Truncated();
        }
        int run = (int)Math.Min(_dataLeft, Available);
        ReadOnlyMemory<byte> data = _buffer.AsMemory(_start, run);
        Take(run);
        _dataLeft -= run;
        return data;
    }

    /// <summary>Reads what follows the end-of-archive mark, so that a digest of the stream covers all of it.</summary>
    public async ValueTask DrainAsync(CancellationToken cancellation)
    {
        do
        {
            Take(Available);
        }
        while (await FillAsync(1, cancellation));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    internal static string Decode(ReadOnlySpan<byte> bytes, string what)
    {
        try
        {
            string text = TarHeader.StrictUtf8.GetString(bytes);
            return text.Contains('\0', StringComparison.Ordinal) ? throw ImageException.BadArchive($"a {what} holds a NUL byte") : text;
        }
        catch (DecoderFallbackException)
        {
            throw ImageException.BadArchive($"a {what} is not UTF-8: \"{ImageException.Printable(Encoding.Latin1.GetString(bytes))}\"");
        }
    }

    private int Available => _end - _start;

    private static ImageException Truncated() => ImageException.BadArchive("the archive is cut off");

    private void Take(int count) => _start += count;

    private void End(bool atBoundary)
    {
        if (!atBoundary || RequireEndMark)
        {
            throw _entries == 0 && Available == 0 ? ImageException.BadArchive("the archive is empty") : Truncated();
        }
        _ended = true;
    }

    private string LongText(byte[] body) =>
        TarHeader.Text(body) is var text && text.Length <= limits.MaxNameBytes
            ? Decode(text, "name")
            : throw ImageException.BadArchive($"a name has more than {limits.MaxNameBytes} bytes");

    private async ValueTask<byte[]> ReadExtensionAsync(char type, int limit, CancellationToken cancellation)
    {
        if (!TarHeader.TryReadNumber(_buffer.AsSpan(_start, TarHeader.BlockSize)[TarHeader.Size], out long size) || size < 0 || size > limit)
        {
            throw ImageException.BadArchive($"an extended header ('{type}') has more than {limits.MaxHeaderBytes} bytes");
        }
        Take(TarHeader.BlockSize);
        byte[] body = await ReadExactlyAsync((int)size, cancellation);
        await SkipAsync(Padding(size), cancellation);
        return body;
    }

    private async ValueTask<TarEntry> ReadHeaderAsync(char type, PaxRecords? pax, string? longName, string? longLink, CancellationToken cancellation)
    {
        TarEntry entry = ParseHeader(_buffer.AsSpan(_start, TarHeader.BlockSize), type, pax, longName, longLink);
        List<long>? sparse = pax?.SparseNumbers;
        long? realSize = pax?.SparseSize;
        bool moreExtents = false;
        if (type == 'S')
        {
            (sparse, realSize, moreExtents) = ReadOldSparse(_buffer.AsSpan(_start, TarHeader.BlockSize));
        }
        Take(TarHeader.BlockSize);
        while (moreExtents)
        {
            moreExtents = await ReadMoreSparseAsync(sparse!, cancellation);
        }
        _dataLeft = entry.Type == TarEntryType.File ? entry.Size : 0; // other types have no data, whatever their size says
        _padding = Padding(_dataLeft);
        if (entry.Type == TarEntryType.File && pax?.SparseMapInData == true)
        {
            sparse = await ReadSparseMapAsync(cancellation);
        }
        entry = sparse is null || entry.Type != TarEntryType.File ? entry : WithSparse(entry, sparse, realSize);
        return entry.Size > limits.MaxFileSize
            ? throw ImageException.BadEntry(entry.Name, $"its size of {entry.Size} bytes is more than {limits.MaxFileSize}")
            : entry;
    }

    private static TarEntry ParseHeader(ReadOnlySpan<byte> block, char type, PaxRecords? pax, string? longName, string? longLink)
    {
        string name = pax?.SparseName ?? pax?.Path ?? longName ?? HeaderName(block);
        TarEntryType kind = type switch
        {
            '0' or '7' or 'S' => TarEntryType.File,
            '\0' => name.EndsWith('/') ? TarEntryType.Directory : TarEntryType.File,
            '1' => TarEntryType.HardLink,
            '2' => TarEntryType.SymbolicLink,
            '3' => TarEntryType.CharacterDevice,
            '4' => TarEntryType.BlockDevice,
            '5' or 'D' => TarEntryType.Directory,
            '6' => TarEntryType.Fifo,
            _ => throw ImageException.BadEntry(name, $"type '{ImageException.Printable(type.ToString())}' is not supported"),
        };
        bool hasDevice = kind is TarEntryType.CharacterDevice or TarEntryType.BlockDevice;
        return new TarEntry
        {
            Name = name,
            Type = kind,
            LinkName = pax?.LinkPath ?? longLink ?? Decode(TarHeader.Text(block[TarHeader.LinkName]), "link target"),
            Mode = (int)(Number(block[TarHeader.Mode], name, "mode") & 0xFFF),
            Uid = pax?.Uid ?? Id(block[TarHeader.Uid], name, "uid"),
            Gid = pax?.Gid ?? Id(block[TarHeader.Gid], name, "gid"),
            Size = pax?.Size ?? NotNegative(Number(block[TarHeader.Size], name, "size"), name, "size"),
            ModifiedAt = pax?.ModifiedAt ?? Time(block[TarHeader.Time], name),
            DeviceMajor = hasDevice ? Id(block[TarHeader.DeviceMajor], name, "device number") : 0,
            DeviceMinor = hasDevice ? Id(block[TarHeader.DeviceMinor], name, "device number") : 0,
            Attributes = pax?.Attributes ?? (IReadOnlyList<Xattr>)[],
        };
    }

    private static string HeaderName(ReadOnlySpan<byte> block)
    {
        string name = Decode(TarHeader.Text(block[TarHeader.Name]), "name");
        ReadOnlySpan<byte> prefix = TarHeader.IsPosix(block) ? TarHeader.Text(block[TarHeader.Prefix]) : default;
        return prefix.IsEmpty ? name : $"{Decode(prefix, "name")}/{name}";
    }

    private static long Number(ReadOnlySpan<byte> field, string entry, string what) =>
        TarHeader.TryReadNumber(field, out long value) ? value : throw ImageException.BadEntry(entry, $"its {what} is not a number");

    private static long NotNegative(long value, string entry, string what) =>
        value >= 0 ? value : throw ImageException.BadEntry(entry, $"its {what} is negative");

    private static uint Id(ReadOnlySpan<byte> field, string entry, string what) =>
        Number(field, entry, what) is var value and >= 0 and < uint.MaxValue ? (uint)value : throw ImageException.BadEntry(entry, $"its {what} is out of range");

    private static TarTime Time(ReadOnlySpan<byte> field, string entry) =>
        Number(field, entry, "time") is var value and > -(1L << 40) and < 1L << 40 ? new TarTime(value) : throw ImageException.BadEntry(entry, "its time is out of range");

    private static (List<long> Numbers, long RealSize, bool More) ReadOldSparse(ReadOnlySpan<byte> block)
    {
        var numbers = new List<long>();
        ReadExtents(block[TarHeader.GnuSparse], numbers);
        return TarHeader.TryReadNumber(block[TarHeader.GnuRealSize], out long size) && size >= 0
            ? (numbers, size, block[TarHeader.GnuIsExtended] != 0)
            : throw ImageException.BadArchive("a sparse file's real size is not a number");
    }

    private async ValueTask<bool> ReadMoreSparseAsync(List<long> numbers, CancellationToken cancellation)
    {
        if (!await FillAsync(TarHeader.BlockSize, cancellation))
        {
            throw Truncated();
        }
        ReadExtents(_buffer.AsSpan(_start, 504), numbers);
        bool more = _buffer[_start + 504] != 0;
        Take(TarHeader.BlockSize);
        return numbers.Count / 2 <= limits.MaxSparseExtents ? more : throw ImageException.BadArchive($"a sparse file has more than {limits.MaxSparseExtents} runs");
    }

    private static void ReadExtents(ReadOnlySpan<byte> fields, List<long> numbers)
    {
        for (int i = 0; i < fields.Length && fields[i] != 0; i += 24)
        {
            if (!TarHeader.TryReadNumber(fields.Slice(i, 12), out long offset) || !TarHeader.TryReadNumber(fields.Slice(i + 12, 12), out long length))
            {
                throw ImageException.BadArchive("a sparse file's map is malformed");
            }
            numbers.Add(offset);
            numbers.Add(length);
        }
    }

    // GNU sparse 1.0: a count, then that many offset and length lines, padded to a block, in front of the data.
    private async ValueTask<List<long>> ReadSparseMapAsync(CancellationToken cancellation)
    {
        long count = -1;
        var numbers = new List<long>();
        var digits = new StringBuilder();
        while (count < 0 || numbers.Count < count * 2)
        {
            if (_dataLeft < TarHeader.BlockSize || !await FillAsync(TarHeader.BlockSize, cancellation))
            {
                throw Truncated();
            }
            foreach (byte c in _buffer.AsSpan(_start, TarHeader.BlockSize))
            {
                if (c != '\n')
                {
                    digits.Append(digits.Length < 20 && c is >= (byte)'0' and <= (byte)'9' ? (char)c : throw ImageException.BadArchive("a sparse file's map is malformed"));
                    continue;
                }
                long number = long.TryParse(digits.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out long value)
                    ? value
                    : throw ImageException.BadArchive("a sparse file's map is malformed");
                digits.Clear();
                if (count < 0)
                {
                    count = number <= limits.MaxSparseExtents ? number : throw ImageException.BadArchive($"a sparse file has more than {limits.MaxSparseExtents} runs");
                }
                else
                {
                    numbers.Add(number);
                }
                if (count >= 0 && numbers.Count >= count * 2)
                {
                    break;
                }
            }
            Take(TarHeader.BlockSize);
            _dataLeft -= TarHeader.BlockSize;
        }
        return numbers;
    }

    private TarEntry WithSparse(TarEntry entry, List<long> numbers, long? realSize)
    {
        long size = realSize ?? throw ImageException.BadEntry(entry.Name, "its sparse map has no real size");
        var extents = new List<SparseExtent>(numbers.Count / 2);
        long at = 0, stored = 0;
        for (int i = 0; i + 1 < numbers.Count; i += 2)
        {
            long offset = numbers[i], length = numbers[i + 1];
            if (offset < at || length < 0 || offset > size || length > size - offset)
            {
                throw ImageException.BadEntry(entry.Name, "its sparse map is out of order or beyond its size");
            }
            at = offset + length;
            stored += length;
            if (length > 0)
            {
                extents.Add(new SparseExtent(offset, length));
            }
        }
        return numbers.Count % 2 == 0 && stored == _dataLeft
            ? entry with { Size = size, Sparse = extents }
            : throw ImageException.BadEntry(entry.Name, "its sparse map does not match its data");
    }

    private static int Padding(long size) => (int)(-size & (TarHeader.BlockSize - 1));

    private async ValueTask SkipDataAsync(CancellationToken cancellation)
    {
        while (_dataLeft > 0)
        {
            await ReadDataAsync(cancellation);
        }
        int padding = _padding;
        _padding = 0;
        await SkipAsync(padding, cancellation);
    }

    private async ValueTask SkipAsync(int count, CancellationToken cancellation)
    {
        if (!await FillAsync(count, cancellation))
        {
            throw Truncated();
        }
        Take(count);
    }

    private async ValueTask<byte[]> ReadExactlyAsync(int count, CancellationToken cancellation)
    {
        byte[] bytes = new byte[count];
        for (int done = 0; done < count;)
        {
            if (Available == 0 && !await FillAsync(1, cancellation))
            {
                throw Truncated();
            }
            int run = Math.Min(count - done, Available);
            _buffer.AsSpan(_start, run).CopyTo(bytes.AsSpan(done));
            Take(run);
            done += run;
        }
        return bytes;
    }

    /// <summary>Makes at least <paramref name="count"/> bytes available; false when the stream ends before that.</summary>
    private async ValueTask<bool> FillAsync(int count, CancellationToken cancellation)
    {
        if (Available >= count)
        {
            return true;
        }
        _buffer.AsSpan(_start, Available).CopyTo(_buffer);
        (_start, _end) = (0, Available);
        while (Available < count)
        {
            int read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellation);
            if (read == 0)
            {
                return false;
            }
            _end += read;
            _total += read;
            if (_total > limits.MaxTotalBytes)
            {
                throw ImageException.BadArchive($"more than {limits.MaxTotalBytes} bytes after decompression");
            }
        }
        return true;
    }
}
