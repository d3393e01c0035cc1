namespace Berth.Compose.Planning;

/// <summary>A volume that is there; project and hash are empty when its labels do not tell.</summary>
public sealed record FoundVolume(string Name, string Project, string Hash);
