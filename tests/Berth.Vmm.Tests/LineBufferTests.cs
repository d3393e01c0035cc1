using System.Text;
using Berth.Vmm.Control;

namespace Berth.Vmm.Tests;

public sealed class LineBufferTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5000)]
    public void TakeLine_PiecesOfAnySize_AreCutAtTheEnds(int piece)
    {
        LineBuffer buffer = new();
        string[] expected = ["first", "", new string('x', 10_000), "last"];
        byte[] sent = Encoding.ASCII.GetBytes(string.Join('\n', expected) + "\nbehind");
        List<string> lines = [];
        for (int at = 0; at < sent.Length;)
        {
            int count = Math.Min(Math.Min(piece, sent.Length - at), buffer.Room().Length);
            sent.AsSpan(at, count).CopyTo(buffer.Room().Span);
            buffer.Advance(count);
            at += count;
            while (buffer.TakeLine() is { } line) lines.Add(Encoding.ASCII.GetString(line));
        }
        Assert.Equal(expected, lines);
        Assert.Equal("behind", Encoding.ASCII.GetString(buffer.Rest));
    }

    [Fact]
    public void Room_ALineWithoutEnd_RunsOutAtTheLimit()
    {
        LineBuffer buffer = new();
        int total = 0;
        for (Memory<byte> room = buffer.Room(); !room.IsEmpty; room = buffer.Room())
        {
            room.Span.Fill((byte)'x');
            buffer.Advance(room.Length);
            total += room.Length;
        }
        Assert.Equal(ControlSocket.MaxLine, total);
        Assert.Null(buffer.TakeLine());
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Advance(1));
    }
}
