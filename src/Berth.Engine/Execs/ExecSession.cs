using Berth.Engine.Instances;

namespace Berth.Engine.Execs;

/// <summary>An exec session in memory.</summary>
internal sealed class ExecSession(string id, Instance instance, ExecConfig config)
{
    private int _begun;

    public string Id { get; } = id;

    public Instance Instance { get; } = instance;

    public ExecConfig Config { get; } = config;

    public int Pid { get; set; }

    /// <summary>The exit code, when the process has ended.</summary>
    public TaskCompletionSource<int> Exit { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public DateTimeOffset? EndedAt { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Health probes are not the user's sessions.</summary>
    public bool Hidden { get; init; }

    public bool Started => Volatile.Read(ref _begun) == 1;

    public bool Running => Started && Pid != 0 && !Exit.Task.IsCompleted;

    /// <summary>True for the first caller alone.</summary>
    public bool TryBegin() => Interlocked.Exchange(ref _begun, 1) == 0;

    public int? ExitCode => Exit.Task.IsCompletedSuccessfully ? Exit.Task.Result : null;
}
