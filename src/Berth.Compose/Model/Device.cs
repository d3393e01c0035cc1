namespace Berth.Compose.Model;

/// <summary>A device of the host in a container.</summary>
public sealed record Device(string Source, string Target, string Permissions);
