namespace Berth.Cli.Http;

/// <summary>The daemon's answer is not HTTP/1.1 as this client understands it, or ended too early.</summary>
internal sealed class ProtocolException(string message) : IOException(message);
