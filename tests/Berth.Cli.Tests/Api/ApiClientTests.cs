using System.Text;
using Berth.Cli.Api;

namespace Berth.Cli.Tests.Api;

public sealed class ApiClientTests
{
    /// <summary>A daemon that gives the same answer to every request; it fails when it is used after it was closed.</summary>
    private sealed class Daemon(string answer) : Stream
    {
        private readonly MemoryStream _answers = new();

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public bool IsClosed { get; private set; }

        public override int Read(byte[] buffer, int offset, int count) => _answers.Read(buffer, offset, count);

        public override void Write(byte[] buffer, int offset, int count)
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            long read = _answers.Position;
            _answers.Seek(0, SeekOrigin.End);
            _answers.Write(Encoding.ASCII.GetBytes(answer));
            _answers.Position = read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            IsClosed = true;
            base.Dispose(disposing);
        }
    }

    private const string Refusal = "HTTP/1.1 404 Not Found\r\nContent-Length: 15\r\n\r\n{\"message\":\"x\"}", Answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

    [Fact]
    public void Send_AfterARefusal_UsesNoClosedConnection()
    {
        List<Daemon> daemons = [];
        using ApiClient client = new(() =>
        {
            daemons.Add(new Daemon(daemons.Count == 0 ? Refusal : Answer));
            return daemons[^1];
        });
        Assert.Equal("x", Assert.Throws<ApiException>(() => client.Send("GET", "/images/x/json")).Message);
        using (client.Get("/version")) { }
        using (client.Get("/version")) { }
        Assert.Equal([true, false], daemons.Select(static d => d.IsClosed));
    }

    [Fact]
    public void Begin_WhoseAnswerWasRead_LeavesNoClosedConnection()
    {
        using ApiClient client = new(static () => new Daemon(Answer));
        using (ApiClient.Pending pending = client.Begin("GET", "/version"))
        {
            using Exchange exchange = pending.Receive();
            exchange.ReadJson().Dispose();
        }
        using (client.Get("/version")) { }
    }
}
