namespace Berth.Containers.Supervision;

/// <summary>What the supervisor says about itself.</summary>
/// <param name="Version">Version of the binary.</param>
/// <param name="Pid">Its process.</param>
/// <param name="StartedAt">When it was started.</param>
/// <param name="Running">Processes now running under it.</param>
/// <param name="Adopted">Processes taken over from an earlier supervisor since its start.</param>
public sealed record SupervisorInfo(string Version, int Pid, DateTimeOffset StartedAt, int Running, int Adopted);
