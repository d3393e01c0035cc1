using Berth.Linux;

namespace Berth.FileSystems;

/// <summary>A file or directory the guest has open.</summary>
/// <param name="Node">What it is; the root of the file system is null.</param>
/// <param name="Descriptor">Open for reading and writing as asked; null for the root.</param>
internal sealed record OpenFile(FileNode? Node, FileDescriptor? Descriptor) : IDisposable
{
    public bool IsDirectory => Node?.IsDirectory ?? true;

    public void Dispose() => Descriptor?.Dispose();
}
