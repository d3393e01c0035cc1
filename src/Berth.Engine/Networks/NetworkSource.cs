namespace Berth.Engine.Networks;

/// <summary>The network a configuration is taken from.</summary>
/// <param name="Network">Its name; empty for none.</param>
public sealed record NetworkSource(string? Network);
