using System.Text;
using Berth.Devices.Virtio;
using Berth.Machine.Storage;

namespace Berth.Devices.Tests.Virtio;

public sealed class VirtioFileSystemTests
{
    private const ulong Request = 0x40_0000, Reply = 0x50_0000;

    [Fact]
    public void Config_HasTagAndNumberOfQueues()
    {
        using var rig = new Rig(new VirtioFileSystem(new Files(), "berth"));
        byte[] config = [.. Enumerable.Range(0, 40).Select(i => (byte)rig.Mmio.Read(Rig.Config + (ulong)i, 1))];
        Assert.Equal("berth", Encoding.UTF8.GetString(config, 0, 36).TrimEnd('\0'));
        Assert.Equal([1, 0, 0, 0], config[36..]);
        Assert.Throws<ArgumentException>(() => new VirtioFileSystem(new Files(), new string('x', 37)));
    }

    [Fact]
    public void Request_InPieces_IsServedWholeAndItsReplySpread()
    {
        var files = new Files();
        using var rig = new Rig(new VirtioFileSystem(files, "berth"));
        rig.Start();
        rig.Memory.Write(Request, "hello, file system"u8);
        rig.Offer(1, (Request, 5, false), (Request + 5, 13, false), (Reply, 4, true), (Reply + 0x1000, 100, true));
        Assert.Equal(18u, rig.Done(1));
        Assert.Equal("hello, file system", Encoding.UTF8.GetString(files.Last));
        Assert.Equal("mets", Encoding.UTF8.GetString(rig.Bytes(Reply, 4)));
        Assert.Equal("ys elif ,olleh", Encoding.UTF8.GetString(rig.Bytes(Reply + 0x1000, 14)));
        Assert.Contains(rig.Messages.Sent, static m => m.Data == 0x42);
    }

    [Fact]
    public void Request_WithoutReply_IsReturnedEmpty()
    {
        using var rig = new Rig(new VirtioFileSystem(new Files(), "berth"));
        rig.Start();
        rig.Memory.Write(Request, "forget"u8);
        rig.Offer(0, (Request, 6, false));
        Assert.Equal(0u, rig.Done(0));
    }

    [Fact]
    public void Request_TooLong_IsReturnedUnserved()
    {
        var files = new Files();
        using var rig = new Rig(new VirtioFileSystem(files, "berth"));
        rig.Start();
        rig.Offer(1, (Request, (uint)files.LongestRequest + 1, false), (Reply, 100, true));
        Assert.Equal(0u, rig.Done(1));
        Assert.Empty(files.Last);
    }

    [Fact]
    public void Reset_ForgetsWhatTheGuestHad()
    {
        var files = new Files();
        using var rig = new Rig(new VirtioFileSystem(files, "berth"));
        rig.Start();
        int before = files.Resets;
        rig.Mmio.Write(Rig.Common + 0x14, 1, 0);
        Assert.Equal(before + 1, files.Resets);
    }

    /// <summary>Answers with the request backwards.</summary>
    internal sealed class Files : IFileSystemBackend
    {
        public byte[] Last { get; private set; } = [];

        public int Resets { get; private set; }

        public int LongestRequest => 4096;

        public int LongestReply => 4096;

        public int Serve(ReadOnlySpan<byte> request, Span<byte> reply)
        {
            Last = request.ToArray();
            int length = Math.Min(request.Length, reply.Length);
            for (int i = 0; i < length; i++) reply[i] = request[^(i + 1)];
            return length;
        }

        public void Reset() => Resets++;

        public void Dispose()
        {
        }
    }
}
