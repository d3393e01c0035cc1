namespace Berth.Compose.Planning;

/// <summary>A network that is there; project and hash are empty when its labels do not tell.</summary>
public sealed record FoundNetwork(string Id, string Name, string Project, string Hash);
