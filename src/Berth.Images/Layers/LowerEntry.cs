using Berth.Linux;

namespace Berth.Images.Layers;

/// <summary>A file found in a lower layer.</summary>
/// <param name="Layer">Root of the layer, owned by the view.</param>
/// <param name="Path">Path below it.</param>
/// <param name="Stat">Its attributes.</param>
internal sealed record LowerEntry(FileDescriptor Layer, string Path, Libc.statx Stat)
{
    /// <summary>A path the kernel resolves to it, for calls that take no descriptor.</summary>
    public string ProcPath => $"{Layer.ProcPath}/{Path}";
}
