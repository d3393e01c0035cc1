namespace Berth.Compose.Planning;

/// <summary>A volume without a name of its own, and where it is mounted.</summary>
public sealed record AnonymousVolume(string Name, string Target);
