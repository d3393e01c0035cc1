using System.Buffers.Text;
using System.Globalization;

namespace Berth.Images.Tar;

/// <summary>The records of one extended header. [PAX] "pax Extended Header", GNU sparse and star's xattr keywords.</summary>
internal sealed class PaxRecords
{
    private const string AttributePrefix = "SCHILY.xattr.";

    public string? Path { get; private set; }
    public string? LinkPath { get; private set; }
    public long? Size { get; private set; }
    public uint? Uid { get; private set; }
    public uint? Gid { get; private set; }
    public TarTime? ModifiedAt { get; private set; }
    public List<Xattr>? Attributes { get; private set; }

    // [GNU-TAR] "Storing Sparse Files": 0.0 repeats offset and numbytes, 0.1 has one map, 1.0 puts the map before the data.
    public List<long>? SparseNumbers { get; private set; }
    public string? SparseName { get; private set; }
    public long? SparseSize { get; private set; }
    public bool SparseMapInData { get; private set; }
    private int? SparseMajor { get; set; }

    /// <summary>Adds every record of <paramref name="header"/>; later records win, as the standard says.</summary>
    public void Add(ReadOnlySpan<byte> header, ArchiveLimits limits)
    {
        while (header.Length > 0 && header[0] != 0)
        {
            if (!Utf8Parser.TryParse(header, out int length, out int digits) || digits > 9 || length <= digits + 2 || length > header.Length
                || header[digits] != ' ' || header[length - 1] != '\n')
            {
                throw ImageException.BadArchive("a PAX header has a malformed record");
            }
            ReadOnlySpan<byte> record = header[(digits + 1)..(length - 1)];
            int equals = record.IndexOf((byte)'=');
            if (equals <= 0)
            {
                throw ImageException.BadArchive("a PAX record has no keyword");
            }
            Set(TarReader.Decode(record[..equals], "PAX keyword"), record[(equals + 1)..], limits);
            header = header[length..];
        }
    }

    private void Set(string key, ReadOnlySpan<byte> value, ArchiveLimits limits)
    {
        switch (key)
        {
            case "path":
                Path = Name(value, limits);
                break;
            case "linkpath":
                LinkPath = Name(value, limits);
                break;
            case "size":
                Size = value.IsEmpty ? null : Number(key, value);
                break;
            case "uid":
                Uid = value.IsEmpty ? null : Id(key, value);
                break;
            case "gid":
                Gid = value.IsEmpty ? null : Id(key, value);
                break;
            case "mtime":
                ModifiedAt = value.IsEmpty ? null : Time(value);
                break;
            case "GNU.sparse.major":
                SparseMajor = (int)Math.Min(Number(key, value), 9);
                SparseMapInData = SparseMajor == 1;
                break;
            case "GNU.sparse.minor":
                break;
            case "GNU.sparse.name":
                SparseName = Name(value, limits);
                break;
            case "GNU.sparse.size" or "GNU.sparse.realsize":
                SparseSize = Number(key, value);
                break;
            case "GNU.sparse.offset" or "GNU.sparse.numbytes":
                AddSparse(Number(key, value), limits, evenFirst: key == "GNU.sparse.offset");
                break;
            case "GNU.sparse.map":
                SparseNumbers = null;
                foreach (Range part in value.Split((byte)','))
                {
                    AddSparse(Number(key, value[part]), limits, evenFirst: null);
                }
                break;
            default:
                if (key.StartsWith(AttributePrefix, StringComparison.Ordinal))
                {
                    SetAttribute(key[AttributePrefix.Length..], value);
                }
                break;
        }
    }

    private void SetAttribute(string name, ReadOnlySpan<byte> value)
    {
        Attributes ??= [];
        Attributes.RemoveAll(attribute => attribute.Name == name);
        Attributes.Add(new Xattr(name, value.ToArray()));
    }

    private void AddSparse(long number, ArchiveLimits limits, bool? evenFirst)
    {
        SparseNumbers ??= [];
        if (evenFirst is { } isOffset && SparseNumbers.Count % 2 == 0 != isOffset)
        {
            throw ImageException.BadArchive("GNU.sparse.offset and GNU.sparse.numbytes do not alternate");
        }
        if (SparseNumbers.Count / 2 >= limits.MaxSparseExtents)
        {
            throw ImageException.BadArchive($"a sparse file has more than {limits.MaxSparseExtents} runs");
        }
        SparseNumbers.Add(number);
    }

    private static string? Name(ReadOnlySpan<byte> value, ArchiveLimits limits)
    {
        if (value.Length > limits.MaxNameBytes)
        {
            throw ImageException.BadArchive($"a name has {value.Length} bytes, more than {limits.MaxNameBytes}");
        }
        return value.IsEmpty ? null : TarReader.Decode(value, "name");
    }

    private static long Number(string key, ReadOnlySpan<byte> value) =>
        long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw ImageException.BadArchive($"PAX record {ImageException.Printable(key)} is not a number");

    // 2^32-1 means "unchanged" to chown(2), and larger numbers would wrap into other users' ids.
    private static uint Id(string key, ReadOnlySpan<byte> value) => Number(key, value) is var number and < uint.MaxValue
        ? (uint)number
        : throw ImageException.BadArchive($"PAX record {key} is out of range");

    private static TarTime Time(ReadOnlySpan<byte> value) =>
        TarTime.TryParse(TarReader.Decode(value, "time"), out TarTime time)
            ? time
            : throw ImageException.BadArchive("PAX record mtime is not a time");
}
