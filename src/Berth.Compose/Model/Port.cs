namespace Berth.Compose.Model;

/// <summary>A published port.</summary>
/// <param name="Target">Port and protocol inside, as <c>80/tcp</c>.</param>
/// <param name="Published">Port or range on the host; null: any.</param>
/// <param name="Address">Address of the host; null: all.</param>
public sealed record Port(string Target, string? Published, string? Address);
