namespace Berth.Containers.Lifecycle;

/// <summary>Layers under a writable directory. See the kernel's filesystems/overlayfs documentation.</summary>
/// <param name="LowerDirectories">Read-only layers, topmost first; at least one.</param>
/// <param name="UpperDirectory">Where changes go.</param>
/// <param name="WorkDirectory">Empty directory on the file system of <paramref name="UpperDirectory"/>.</param>
public sealed record OverlayRootfs(IReadOnlyList<string> LowerDirectories, string UpperDirectory, string WorkDirectory) : RootfsSource;
