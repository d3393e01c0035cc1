using System.Buffers.Binary;

namespace Berth.FileSystems;

/// <summary>The first 40 bytes of a request. [FUSE] struct fuse_in_header.</summary>
internal readonly record struct FuseHeader(uint Length, FuseOpcode Opcode, ulong Unique, ulong Node, uint Uid, uint Gid)
{
    public const int Size = 40, ReplySize = 16;

    public static FuseHeader Read(ReadOnlySpan<byte> message) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(message),
        (FuseOpcode)BinaryPrimitives.ReadUInt32LittleEndian(message[4..]),
        BinaryPrimitives.ReadUInt64LittleEndian(message[8..]),
        BinaryPrimitives.ReadUInt64LittleEndian(message[16..]),
        BinaryPrimitives.ReadUInt32LittleEndian(message[24..]),
        BinaryPrimitives.ReadUInt32LittleEndian(message[28..]));
}
