using System.Buffers.Binary;

namespace Berth.FileSystems;

/// <summary>Reads the fields of a request; beyond its end everything is zero and <see cref="IsBad"/> is set.</summary>
internal ref struct MessageReader(ReadOnlySpan<byte> message)
{
    private const int LongestName = 255;

    private ReadOnlySpan<byte> _rest = message;

    /// <summary>Whether the request was shorter than its fields, or a text in it is none.</summary>
    public bool IsBad { get; private set; }

    /// <summary>What has not been read yet.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    public uint UInt32() => Take(4) is { Length: 4 } bytes ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : 0;

    public ulong UInt64() => Take(8) is { Length: 8 } bytes ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : 0;

    public void Skip(int bytes) => Take(bytes);

    /// <summary>Bytes up to a NUL and with it; empty when there is none.</summary>
    public ReadOnlySpan<byte> Text()
    {
        int end = _rest.IndexOf((byte)0);
        if (end >= 0) return Take(end + 1);
        IsBad = true;
        return default;
    }

    /// <summary>The name of an entry of a directory, with its NUL: nothing that leads anywhere else.</summary>
    public ReadOnlySpan<byte> Name()
    {
        ReadOnlySpan<byte> name = Text();
        bool valid = name.Length > 1 && name.IndexOf((byte)'/') < 0 && !name.SequenceEqual(".\0"u8) && !name.SequenceEqual("..\0"u8);
        if (!valid) IsBad = true;
        return valid ? name : default;
    }

    /// <summary>Whether a name is longer than any file system has them.</summary>
    public static bool IsTooLong(ReadOnlySpan<byte> name) => name.Length > LongestName + 1;

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
        {
            IsBad = true;
            _rest = default;
            return default;
        }
        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
