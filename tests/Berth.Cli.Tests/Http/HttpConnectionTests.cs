using System.Text;

namespace Berth.Cli.Http;

public sealed class HttpConnectionTests
{
    private static (HttpConnection Connection, MemoryStream Sent) Answering(string answer, int step = int.MaxValue)
    {
        Script stream = new(Encoding.Latin1.GetBytes(answer), step);
        return (new HttpConnection(stream), stream.Sent);
    }

    private static string Body(string answer, int step = int.MaxValue)
    {
        using var connection = Answering(answer, step).Connection;
        return Encoding.UTF8.GetString(connection.Receive("GET").Body.ReadAll(1_000_000).Span);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(100_000)]
    public void Receive_Chunked_IsPutTogetherWhateverThePieces(int step) => Assert.Equal(
        "hello world", Body("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nTrailer: x\r\n\r\n", step));

    [Fact]
    public void Receive_Length_LeavesTheConnectionReusable()
    {
        using var connection = Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 204 No Content\r\n\r\n").Connection;
        var first = connection.Receive("GET");
        Assert.Equal(2, first.Body.ReadAll().Length);
        Assert.Equal(204, connection.Receive("POST").Status);
    }

    [Fact]
    public void Receive_Interim_IsSkipped() => Assert.Equal("x", Body("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"));

    [Fact]
    public void Receive_UntilClose_ReadsToTheEnd() => Assert.Equal("all of it", Body("HTTP/1.0 200 OK\r\n\r\nall of it"));

    [Fact]
    public void Receive_Hijack_KeepsBytesBehindTheHead()
    {
        using var connection = Answering("HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\nraw").Connection;
        Assert.Equal(101, connection.Receive("POST").Status);
        var buffer = new byte[8];
        Assert.Equal(3, connection.ReadRaw(buffer));
        Assert.False(connection.Reusable);
    }

    [Theory]
    [InlineData("")]
    [InlineData("SSH-2.0-OpenSSH_9\r\n\r\n")]
    [InlineData("HTTP/1.1 2000 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 abc OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nno colon\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")]
    public void Receive_Hostile_EndsWithAnExplanation(string answer) => Assert.Throws<ProtocolException>(() => Body(answer));

    [Fact]
    public void Receive_EndlessHeader_IsBounded() =>
        Assert.Throws<ProtocolException>(() => Body("HTTP/1.1 200 OK\r\nX: " + new string('a', 100_000)));

    [Fact]
    public void Receive_EndlessHeaders_AreBounded() =>
        Assert.Throws<ProtocolException>(() => Body("HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Range(0, 10_000).Select(i => $"X{i}: y\r\n"))));

    [Fact]
    public void Receive_EndlessBody_IsBounded() =>
        Assert.Throws<ProtocolException>(() => Body("HTTP/1.1 200 OK\r\n\r\n" + new string('a', 2_000_000)));

    [Fact]
    public void Receive_RandomBytes_NeverFailsOtherwise()
    {
        Random random = new(11);
        string[] pieces = ["HTTP/1.1 200 OK", "\r\n", "Content-Length: ", "5", "Transfer-Encoding: chunked", "a", "0", ":", " ", "\n", "ff", "\0"];
        for (var round = 0; round < 20_000; round++)
        {
            var answer = string.Concat(Enumerable.Range(0, random.Next(20)).Select(_ => pieces[random.Next(pieces.Length)]));
            try
            {
                Body(answer, 1 + random.Next(9));
            }
            catch (ProtocolException)
            {
            }
        }
    }

    [Fact]
    public void SendChunked_Source_IsSentInChunks()
    {
        var (connection, sent) = Answering("");
        connection.SendChunked("PUT", "/x", "application/x-tar", new MemoryStream("hello"u8.ToArray()));
        Assert.EndsWith("\r\n\r\n5\r\nhello\r\n0\r\n\r\n", Encoding.ASCII.GetString(sent.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void Send_UnescapedTarget_IsRefused() => Assert.Throws<ArgumentException>(() => Answering("").Connection.Send("GET", "/a b"));

    private sealed class Script(byte[] answer, int step) : Stream
    {
        private int _at;

        public MemoryStream Sent { get; } = new();

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var take = Math.Min(Math.Min(count, step), answer.Length - _at);
            Array.Copy(answer, _at, buffer, offset, take);
            _at += take;
            return take;
        }

        public override void Write(byte[] buffer, int offset, int count) => Sent.Write(buffer, offset, count);

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
