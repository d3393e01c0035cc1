namespace Berth.Containers.Supervision;

/// <summary>A process that was started: execve succeeded.</summary>
/// <param name="Pid">Its number in the host's PID namespace.</param>
/// <param name="StartedAt">When.</param>
/// <param name="StartTimeTicks">Start time as in field 22 of /proc/PID/stat; tells a reused pid apart.</param>
public sealed record StartResult(int Pid, DateTimeOffset StartedAt, ulong StartTimeTicks);
