namespace Berth.Containers.Supervision;

/// <summary>Where the supervisor's files lie.</summary>
/// <param name="RunRoot">Directory of what lives as long as the machine runs; emptied by a reboot.</param>
/// <param name="DataRoot">Directory of what stays.</param>
public sealed record SupervisorPaths(string RunRoot, string DataRoot)
{
    /// <summary>The socket calls are made on; mode 0600.</summary>
    public string Socket => Path.Combine(RunRoot, "supervisor.sock");

    /// <summary>Holds the process number; locked while the supervisor lives.</summary>
    public string PidFile => Path.Combine(RunRoot, "supervisor.pid");

    /// <summary>The supervisor's own log.</summary>
    public string Log => Path.Combine(RunRoot, "supervisor.log");

    /// <summary>Pipes and state of each container.</summary>
    public string Containers => Path.Combine(RunRoot, "containers");
}
