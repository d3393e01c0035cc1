namespace Berth.Compose.Model;

/// <summary>Addresses of a network.</summary>
public sealed record Subnet(string? Cidr, string? Gateway, string? Range, IReadOnlyDictionary<string, string> Reserved);
