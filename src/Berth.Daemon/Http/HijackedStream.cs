using System.IO.Pipelines;

namespace Berth.Daemon.Http;

/// <summary>The raw socket of a hijacked call: bytes both ways, half-close in either direction.</summary>
internal sealed class HijackedStream(IDuplexPipe transport) : IAsyncDisposable
{
    /// <summary>What the client sends; completes at its half-close.</summary>
    public PipeReader Input => transport.Input;

    /// <summary>What the client reads.</summary>
    public PipeWriter Output => transport.Output;

    /// <summary>Lets everything written reach the client, then closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        await transport.Output.CompleteAsync();
        await transport.Input.CompleteAsync();
    }
}
