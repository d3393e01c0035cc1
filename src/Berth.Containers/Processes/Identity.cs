namespace Berth.Containers.Processes;

/// <summary>Who a process runs as.</summary>
/// <param name="Uid">User id.</param>
/// <param name="Gid">Primary group id.</param>
/// <param name="AdditionalGids">Further groups.</param>
/// <param name="Home">Home directory from the image's passwd file, or null when that has no entry.</param>
internal sealed record Identity(uint Uid, uint Gid, IReadOnlyList<uint> AdditionalGids, string? Home);
