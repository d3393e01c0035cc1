namespace Berth.Daemon.Doctor;

/// <summary>One thing a host has or lacks.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Available">Whether this host has it.</param>
/// <param name="Required">Whether no container can run without it.</param>
/// <param name="Detail">What was found.</param>
/// <param name="Remedy">How to get it; empty when it is there.</param>
internal sealed record HostFeature(string Name, bool Available, bool Required, string Detail, string Remedy);

/// <summary>Answer to <c>GET /berth/doctor</c>.</summary>
internal sealed record HostReport(IReadOnlyList<HostFeature> Features);
