using Berth.Linux;

namespace Berth.FileSystems;

/// <summary>A directory or a single file of the host that a guest sees.</summary>
/// <param name="Name">Its name in the root of the guest's file system.</param>
/// <param name="Root">It, opened with O_PATH; the server owns it.</param>
/// <param name="IsReadOnly">Whether the guest may only read.</param>
public sealed record SharedFolder(string Name, FileDescriptor Root, bool IsReadOnly);
