namespace Berth.Oci;

/// <summary>A command was refused; the message says why and what to do.</summary>
internal sealed class OciException(string message, Exception? inner = null) : Exception(message, inner);
