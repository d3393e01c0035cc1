using Berth.Engine.Instances;

namespace Berth.Engine.Execs;

/// <summary>Further processes in running instances. Ended sessions are kept for an hour.</summary>
public sealed class ExecService
{
    /// <summary>Prepares a session; NotFound or Conflict when the instance is missing, stopped or paused.</summary>
    public ExecCreated Create(string nameOrId, ExecConfig config) => throw new NotImplementedException();

    /// <summary>Starts and attaches; Conflict when started before.</summary>
    public Task<Attachment> StartAsync(string execId, ExecStartOptions options, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Starts without attaching.</summary>
    public Task StartDetachedAsync(string execId, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Sets the terminal's size.</summary>
    public Task ResizeAsync(string execId, int height, int width, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>State of a session.</summary>
    public ExecInspect Inspect(string execId) => throw new NotImplementedException();
}
