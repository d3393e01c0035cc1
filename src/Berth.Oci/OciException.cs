namespace Berth.Oci;

/// <summary>A command was refused; the message says why and what to do.</summary>
internal sealed class OciException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The refusal that engines tell from others by its words: the shim of containerd looks for "container not running".</summary>
    public static OciException NotRunning(string id) => new($"container not running: {id}");
}
