using System.Buffers.Binary;
using System.Text;
using Berth.Linux;
using Berth.Testing;

namespace Berth.FileSystems.Tests;

/// <summary>A guest's side of the messages, over a directory of the test's own that is shared as <c>0</c>.</summary>
internal sealed class Guest : IDisposable
{
    private readonly TemporaryDirectory _scratch = new();
    private readonly byte[] _reply;
    private ulong _unique;

    public Guest(bool readOnly = false, FuseLimits? limits = null)
    {
        Shared = Directory.CreateDirectory(_scratch.Combine("shared")).FullName;
        Outside = Directory.CreateDirectory(_scratch.Combine("outside")).FullName;
        Server = new FuseServer([new SharedFolder("0", Libc.Open(Shared, Libc.O_PATH | Libc.O_NOFOLLOW), readOnly)], limits ?? new FuseLimits());
        _reply = new byte[Server.LongestReply];
    }

    public FuseServer Server { get; }

    /// <summary>What the guest may see, on the host.</summary>
    public string Shared { get; }

    /// <summary>What it may not.</summary>
    public string Outside { get; }

    public uint Uid { get; set; }

    public uint Gid { get; set; }

    /// <summary>Begins; answers the number of the shared directory.</summary>
    public ulong Start()
    {
        Expect(FuseOpcode.Init, 1, Body(7, 37, 1 << 20, uint.MaxValue));
        return Lookup(1, "0");
    }

    /// <summary>Sends a request; errno and what follows the header of the reply.</summary>
    public (Errno Errno, byte[] Reply) Send(FuseOpcode opcode, ulong node, byte[] body, int room = int.MaxValue)
    {
        byte[] request = new byte[FuseHeader.Size + body.Length];
        BinaryPrimitives.WriteInt32LittleEndian(request, request.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(4), (uint)opcode);
        BinaryPrimitives.WriteUInt64LittleEndian(request.AsSpan(8), ++_unique);
        BinaryPrimitives.WriteUInt64LittleEndian(request.AsSpan(16), node);
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(24), Uid);
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(28), Gid);
        body.CopyTo(request, FuseHeader.Size);
        int length = Server.Serve(request, _reply.AsSpan(0, Math.Min(room, _reply.Length)));
        if (length == 0) return (Errno.None, []);
        Assert.Equal((uint)length, BinaryPrimitives.ReadUInt32LittleEndian(_reply));
        Assert.Equal(_unique, BinaryPrimitives.ReadUInt64LittleEndian(_reply.AsSpan(8)));
        return ((Errno)(-BinaryPrimitives.ReadInt32LittleEndian(_reply.AsSpan(4))), _reply[FuseHeader.ReplySize..length]);
    }

    public byte[] Expect(FuseOpcode opcode, ulong node, byte[] body)
    {
        (Errno errno, byte[] reply) = Send(opcode, node, body);
        Assert.Equal(Errno.None, errno);
        return reply;
    }

    public ulong Lookup(ulong parent, string name) => Number(Expect(FuseOpcode.Lookup, parent, Name(name)));

    public Errno Try(FuseOpcode opcode, ulong node, byte[] body) => Send(opcode, node, body).Errno;

    public ulong Open(ulong node, int flags) => Number(Expect(FuseOpcode.Open, node, Body((uint)flags, 0)));

    public (ulong Node, ulong Handle) Create(ulong parent, string name, int flags = Libc.O_RDWR, uint mode = 0x1A4)
    {
        byte[] reply = Expect(FuseOpcode.Create, parent, [.. Body((uint)flags, mode, 0, 0), .. Name(name)]);
        return (Number(reply), Number(reply.AsSpan(128)));
    }

    public void Write(ulong handle, ulong offset, ReadOnlySpan<byte> data) =>
        Assert.Equal(data.Length, BinaryPrimitives.ReadInt32LittleEndian(Expect(FuseOpcode.Write, 0, [.. Long(handle, offset), .. Body((uint)data.Length, 0, 0, 0, 0, 0), .. data])));

    public byte[] Read(ulong handle, ulong offset, uint size) => Expect(FuseOpcode.Read, 0, [.. Long(handle, offset), .. Body(size, 0, 0, 0, 0, 0)]);

    /// <summary>Names of a directory, read in requests of a page.</summary>
    public List<string> List(ulong node, bool plus)
    {
        ulong handle = Number(Expect(FuseOpcode.OpenDirectory, node, Body(0, 0))), offset = 0;
        List<string> names = [];
        while (true)
        {
            byte[] reply = Expect(plus ? FuseOpcode.ReadDirectoryPlus : FuseOpcode.ReadDirectory, node, [.. Long(handle, offset), .. Body(4096, 0, 0, 0, 0, 0)]);
            if (reply.Length == 0) break;
            Assert.True(reply.Length <= 4096);
            for (int at = 0; at < reply.Length;)
            {
                int entry = at + (plus ? 128 : 0), length = BinaryPrimitives.ReadInt32LittleEndian(reply.AsSpan(entry + 16));
                offset = Number(reply.AsSpan(entry + 8));
                names.Add(Encoding.UTF8.GetString(reply, entry + 24, length));
                at = entry + 24 + ((length + 7) & ~7);
            }
        }
        Expect(FuseOpcode.ReleaseDirectory, node, [.. Long(handle), .. Body(0, 0, 0, 0)]);
        return names;
    }

    public static byte[] Name(string name) => Encoding.UTF8.GetBytes(name + '\0');

    public static byte[] Body(params ReadOnlySpan<uint> words)
    {
        byte[] bytes = new byte[4 * words.Length];
        for (int i = 0; i < words.Length; i++) BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4 * i), words[i]);
        return bytes;
    }

    public static byte[] Long(params ReadOnlySpan<ulong> words)
    {
        byte[] bytes = new byte[8 * words.Length];
        for (int i = 0; i < words.Length; i++) BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8 * i), words[i]);
        return bytes;
    }

    public static ulong Number(ReadOnlySpan<byte> reply) => BinaryPrimitives.ReadUInt64LittleEndian(reply);

    public void Dispose()
    {
        Server.Dispose();
        _scratch.Dispose();
    }
}
