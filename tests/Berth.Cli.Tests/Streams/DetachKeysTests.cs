using System.Text;
using Berth.Cli.CommandLine;
using Berth.Cli.Http;

namespace Berth.Cli.Streams;

public sealed class DetachKeysTests
{
    [Theory]
    [InlineData("abc", "abc", false)]
    [InlineData("a\x10\x11", "a", true)]
    [InlineData("\x10x", "\x10x", false)]
    [InlineData("\x10\x10\x11", "\x10", true)]
    [InlineData("x\x10", "x", false)]
    public void Feed_DefaultKeys_HoldsBackOnlyTheSequence(string typed, string passed, bool detached)
    {
        List<byte> output = [];
        Assert.Equal(detached, DetachKeys.Parse(null).Feed(Encoding.Latin1.GetBytes(typed), output));
        Assert.Equal(passed, Encoding.Latin1.GetString([.. output]));
    }

    [Fact]
    public void Feed_SequenceInTwoReads_Detaches()
    {
        var keys = DetachKeys.Parse("ctrl-p,q");
        Assert.False(keys.Feed([0x10], []));
        Assert.True(keys.Feed("q"u8, []));
    }

    [Theory]
    [InlineData("ctrl-")]
    [InlineData("ctrl-1")]
    [InlineData("alt-x")]
    [InlineData("a,,b")]
    public void Parse_Wrong_IsRefused(string keys) => Assert.Throws<UsageException>(() => DetachKeys.Parse(keys));

    [Fact]
    public void FrameReader_AnyPieces_GivesTheSamePayloads()
    {
        byte[] bytes = [1, 0, 0, 0, 0, 0, 0, 2, (byte)'h', (byte)'i', 2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 1, (byte)'!'];
        for (var step = 1; step <= bytes.Length; step++)
        {
            FrameReader reader = new();
            StringBuilder text = new();
            foreach (var piece in bytes.Chunk(step))
            {
                reader.Feed(piece, (stream, payload) => text.Append(stream).Append(Encoding.ASCII.GetString(payload)));
            }
            Assert.Equal("hi!", text.ToString().Replace("1", "", StringComparison.Ordinal).Replace("2", "", StringComparison.Ordinal));
            Assert.True(reader.AtBoundary);
        }
    }

    [Fact]
    public void FrameReader_NotFrames_IsRefused() =>
        Assert.Throws<ProtocolException>(() => new FrameReader().Feed("plain text"u8, (_, _) => { }));
}
