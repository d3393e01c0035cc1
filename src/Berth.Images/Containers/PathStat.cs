namespace Berth.Images.Containers;

/// <summary>What Docker's archive calls tell about a path (header X-Docker-Container-Path-Stat).</summary>
/// <param name="Name">Last part of the path.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Mode">Go's FileMode: permission bits and Go's own type bits.</param>
/// <param name="ModifiedAt">Time of the last change.</param>
/// <param name="LinkTarget">For a symbolic link, the absolute path it leads to; else empty.</param>
public sealed record PathStat(string Name, long Size, uint Mode, DateTimeOffset ModifiedAt, string LinkTarget);
