namespace Berth.Containers.Lifecycle;

/// <summary>A directory of the host that is the root as it is.</summary>
public sealed record DirectoryRootfs(string Path) : RootfsSource;
