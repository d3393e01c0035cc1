namespace Berth.Containers.Host;

/// <summary>One thing a host may offer.</summary>
/// <param name="Name">Short and stable, such as <c>overlayfs</c>.</param>
/// <param name="Status">Whether it is there.</param>
/// <param name="Reason">How that was seen, for people.</param>
/// <param name="Remedy">How to get it, or null when nothing is to be done.</param>
/// <param name="Required">Whether containers cannot run without it.</param>
public sealed record HostFeature(string Name, FeatureStatus Status, string Reason, string? Remedy = null, bool Required = false);
