using Berth.Linux;

namespace Berth.Supervisor.Processes;

/// <summary>A child that runs its program.</summary>
internal sealed record LaunchedProcess(int Pid, FileDescriptor PidFd, FileDescriptor? Console, ulong StartTimeTicks, IReadOnlyList<string> Warnings);
