namespace Berth.Compose.Model;

/// <summary>A secret or config that a service gets as a file.</summary>
/// <param name="Source">Its name in the file.</param>
/// <param name="Target">Absolute path in the container.</param>
/// <param name="Uid">Owner, for content that is not a file of the host.</param>
/// <param name="Gid">Group, likewise.</param>
/// <param name="Mode">Permissions, likewise.</param>
public sealed record FileGrant(string Source, string Target, int Uid, int Gid, int Mode);
