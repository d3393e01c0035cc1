namespace Berth.Linux.Launch;

/// <summary>A launched process, or the step that stopped it (then it is reaped already).</summary>
public readonly record struct LaunchResult(int Pid, FileDescriptor? PidFd, string? FailedStep, Errno Errno);
