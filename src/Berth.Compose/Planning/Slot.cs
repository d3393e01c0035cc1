namespace Berth.Compose.Planning;

/// <summary>A place for a container: the service and the number in it.</summary>
public readonly record struct Slot(string Service, int Number);
