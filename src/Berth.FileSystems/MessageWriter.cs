using System.Buffers.Binary;
using Berth.Linux;

namespace Berth.FileSystems;

/// <summary>Writes the fields of a reply behind its header. What does not fit is not written, and <see cref="IsFull"/> is set.</summary>
internal ref struct MessageWriter(Span<byte> reply)
{
    private readonly Span<byte> _reply = reply;

    /// <summary>Bytes so far, the header among them.</summary>
    public int Length { get; private set; } = FuseHeader.ReplySize;

    public bool IsFull { get; private set; }

    /// <summary>Room that is left.</summary>
    public readonly Span<byte> Rest => _reply[Length..];

    public void UInt16(ushort value)
    {
        if (Claim(2, out Span<byte> at)) BinaryPrimitives.WriteUInt16LittleEndian(at, value);
    }

    public void UInt32(uint value)
    {
        if (Claim(4, out Span<byte> at)) BinaryPrimitives.WriteUInt32LittleEndian(at, value);
    }

    public void UInt64(ulong value)
    {
        if (Claim(8, out Span<byte> at)) BinaryPrimitives.WriteUInt64LittleEndian(at, value);
    }

    public void Zero(int count)
    {
        if (Claim(count, out Span<byte> at)) at.Clear();
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        if (Claim(bytes.Length, out Span<byte> at)) bytes.CopyTo(at);
    }

    /// <summary>Counts bytes that were put into <see cref="Rest"/>.</summary>
    public void Advance(int count) => Length += count;

    /// <summary>Takes back what was written behind a length of before.</summary>
    public void BackTo(int length) => (Length, IsFull) = (length, false);

    /// <summary>struct fuse_attr.</summary>
    public void Attributes(in Libc.statx status, ulong number)
    {
        UInt64(number);
        UInt64(status.stx_size);
        UInt64(status.stx_blocks);
        UInt64((ulong)status.stx_atime.tv_sec);
        UInt64((ulong)status.stx_mtime.tv_sec);
        UInt64((ulong)status.stx_ctime.tv_sec);
        UInt32(status.stx_atime.tv_nsec);
        UInt32(status.stx_mtime.tv_nsec);
        UInt32(status.stx_ctime.tv_nsec);
        UInt32(status.stx_mode);
        UInt32(status.stx_nlink);
        UInt32(status.stx_uid);
        UInt32(status.stx_gid);
        // new_encode_dev of the kernel: 12 bits of major between two parts of minor.
        UInt32((status.stx_rdev_minor & 0xFF) | (status.stx_rdev_major << 8) | ((status.stx_rdev_minor & ~0xFFu) << 12));
        UInt32(status.stx_blksize);
        UInt32(0);
    }

    /// <summary>The header of an answer, success or errno; answers the whole length.</summary>
    public static int Header(Span<byte> reply, ulong unique, Errno errno, int length)
    {
        if (errno != Errno.None) length = FuseHeader.ReplySize;
        BinaryPrimitives.WriteUInt32LittleEndian(reply, (uint)length);
        BinaryPrimitives.WriteInt32LittleEndian(reply[4..], -(int)errno);
        BinaryPrimitives.WriteUInt64LittleEndian(reply[8..], unique);
        return length;
    }

    private bool Claim(int count, out Span<byte> at)
    {
        if (IsFull || count > _reply.Length - Length)
        {
            IsFull = true;
            at = default;
            return false;
        }
        at = _reply.Slice(Length, count);
        Length += count;
        return true;
    }
}
