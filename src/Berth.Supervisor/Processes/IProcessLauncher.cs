using Berth.Containers.Cgroups;
using Berth.Containers.Supervision;

namespace Berth.Supervisor.Processes;

/// <summary>Makes processes; called on worker threads, returns once the program runs.</summary>
internal interface IProcessLauncher
{
    /// <summary>A container's main process.</summary>
    /// <exception cref="SupervisorException">It cannot be started; nothing of it is left.</exception>
    LaunchedProcess Start(StartRequest request, ICgroup? cgroup, ProcessPipes pipes);

    /// <summary>One more process of a running container.</summary>
    /// <exception cref="SupervisorException">It cannot be started; nothing of it is left.</exception>
    LaunchedProcess Exec(ExecRequest request, ManagedProcess container, ProcessPipes pipes);
}
