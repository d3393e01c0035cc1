using Berth.Cli.Http;
using Berth.Linux;

namespace Berth.Cli.Api;

/// <summary>A connection that carries a workload's streams: raw with a terminal, in frames without.</summary>
internal sealed class HijackedStream(HttpConnection connection) : IDisposable
{
    /// <summary>To wait on; check <see cref="Buffered"/> first.</summary>
    public FileDescriptor Descriptor { get; } = connection.Descriptor ?? throw new ArgumentException("needs a socket", nameof(connection));

    /// <summary>Bytes that came along with the answer's head.</summary>
    public int Buffered => connection.Buffered;

    /// <summary>Reads output; 0 is the end.</summary>
    public int Read(Span<byte> buffer) => connection.Buffered > 0 ? connection.ReadRaw(buffer) : Libc.TryRead(Descriptor, buffer);

    /// <inheritdoc/>
    public void Dispose() => connection.Dispose();
}
