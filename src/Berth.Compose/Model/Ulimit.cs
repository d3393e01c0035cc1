namespace Berth.Compose.Model;

/// <summary>A limit of processes.</summary>
public sealed record Ulimit(string Name, long Soft, long Hard);
