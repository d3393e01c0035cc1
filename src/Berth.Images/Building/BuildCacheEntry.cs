namespace Berth.Images.Building;

/// <summary>A step in the build cache, for lists.</summary>
/// <param name="Id">The step's key, 64 hexadecimal digits.</param>
/// <param name="Description">The instruction.</param>
/// <param name="Size">Bytes of file content in its layer.</param>
/// <param name="Created">When it was built.</param>
/// <param name="LastUsed">When a build last needed it.</param>
/// <param name="Uses">How many builds have used it since.</param>
/// <param name="IsShared">An image has its layer too, so that removing the entry frees nothing.</param>
public sealed record BuildCacheEntry(string Id, string Description, long Size, DateTimeOffset Created, DateTimeOffset LastUsed, int Uses, bool IsShared);
