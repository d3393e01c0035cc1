using Berth.Engine.Configuration;

namespace Berth.Engine.Instances;

/// <summary>Everything that can be done with instances. Names, full ids and unique id prefixes are accepted; errors are <see cref="EngineException"/>.</summary>
public sealed class InstanceService
{
    /// <summary>Makes an instance; validates the whole request first. NotFound = the image is missing.</summary>
    public Task<CreateResult> CreateAsync(CreateRequest request, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Starts an instance; NotModified when it runs already. <see cref="EngineException.ExitCode"/> tells 126 and 127.</summary>
    public Task StartAsync(string nameOrId, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Stops: signal, wait, kill. NotModified when it does not run. Negative <paramref name="timeoutSeconds"/> waits for ever.</summary>
    public Task StopAsync(string nameOrId, int? timeoutSeconds, string? signal, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Sends a signal (name or number, unset = KILL); Conflict when the instance does not run.</summary>
    public Task KillAsync(string nameOrId, string? signal, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Stops if running, then starts.</summary>
    public Task RestartAsync(string nameOrId, int? timeoutSeconds, string? signal, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Freezes every process.</summary>
    public Task PauseAsync(string nameOrId, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Thaws every process.</summary>
    public Task UnpauseAsync(string nameOrId, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Gives a new name; Conflict when it is taken.</summary>
    public Task RenameAsync(string nameOrId, string newName, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Changes limits (live) and the restart policy.</summary>
    public Task<UpdateResult> UpdateAsync(string nameOrId, UpdateConfig update, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Removes an instance; <paramref name="volumes"/> also its anonymous volumes; Conflict when it runs and not <paramref name="force"/>.</summary>
    public Task RemoveAsync(string nameOrId, bool force, bool volumes, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>
    /// Waits for an end. The wait is registered when this method returns, and an unknown instance is thrown by the call itself, so that a
    /// caller can send its response head before awaiting.
    /// </summary>
    public Task<WaitResult> WaitAsync(string nameOrId, WaitCondition condition, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Connects to the workload's input and output; works before the start too.</summary>
    public Task<Attachment> AttachAsync(string nameOrId, AttachOptions options, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Logged output. A wrong request or instance is thrown by the call itself. <see cref="IsTty"/> decides the framing.</summary>
    public IAsyncEnumerable<LogEntry> Logs(string nameOrId, LogOptions options, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Whether the instance has a terminal.</summary>
    public bool IsTty(string nameOrId) => throw new NotImplementedException();

    /// <summary>Sets the terminal's size.</summary>
    public Task ResizeAsync(string nameOrId, int height, int width, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Processes as ps(1) shows them; unset arguments = <c>-ef</c>.</summary>
    public Task<TopResult> TopAsync(string nameOrId, string? psArguments, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Samples of resource usage: with <paramref name="stream"/> one a second for ever, else one (two apart unless <paramref name="oneShot"/>).</summary>
    public IAsyncEnumerable<InstanceStats> Stats(string nameOrId, bool stream, bool oneShot, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Everything known; <paramref name="size"/> also measures the writable layer.</summary>
    public InstanceInspect Inspect(string nameOrId, bool size = false) => throw new NotImplementedException();

    /// <summary>Running (or all) instances, newest first; a <paramref name="limit"/> above 0 implies all.</summary>
    public IReadOnlyList<InstanceSummary> List(bool all, int limit, bool size, FilterSet filters) => throw new NotImplementedException();

    /// <summary>Paths that differ from the image.</summary>
    public Task<IReadOnlyList<FilesystemChange>> ChangesAsync(string nameOrId, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Facts of a path inside the instance.</summary>
    public PathStat StatPath(string nameOrId, string path) => throw new NotImplementedException();

    /// <summary>Writes a path inside the instance as a tar archive.</summary>
    public Task CopyOutAsync(string nameOrId, string path, Stream tar, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Unpacks a tar archive (plain, gzip or zstd) into a directory inside the instance.</summary>
    public Task CopyInAsync(string nameOrId, string path, Stream tar, CopyInOptions options, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Writes the whole file system as a tar archive.</summary>
    public Task ExportAsync(string nameOrId, Stream tar, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Makes an image of the instance; gives the image's id.</summary>
    public Task<string> CommitAsync(CommitRequest request, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Removes every instance that does not run (filters: <c>until</c>, <c>label</c>, <c>label!</c>).</summary>
    public Task<PruneResult> PruneAsync(FilterSet filters, CancellationToken cancellationToken) => throw new NotImplementedException();
}
