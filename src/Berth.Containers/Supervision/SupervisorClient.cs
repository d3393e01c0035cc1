using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Berth.Containers.Supervision;

/// <summary>Calls the supervisor. Safe for concurrent use: each call has a connection of its own.</summary>
/// <remarks>Every call throws <see cref="SupervisorException"/> when refused or when the supervisor does not answer.</remarks>
public sealed class SupervisorClient : IDisposable
{
    private readonly string _socketPath;
    private readonly KeptDescriptors _kept = new();

    /// <summary>Uses the supervisor behind <paramref name="socketPath"/>; nothing is opened before the first call.</summary>
    public SupervisorClient(string socketPath) => _socketPath = socketPath;

    /// <summary>Who answers.</summary>
    public async Task<SupervisorInfo> PingAsync(CancellationToken cancellationToken = default) =>
        (await CallAsync(new() { Op = SupervisorOperation.Ping }, cancellationToken)).Info ?? throw Incomplete();

    /// <summary>Creates a container and starts its main process; returns once execve succeeded. Nothing is left behind on failure.</summary>
    public async Task<StartResult> StartAsync(StartRequest request, CancellationToken cancellationToken = default) =>
        (await CallAsync(new() { Op = SupervisorOperation.Start, Start = request }, cancellationToken)).Started ?? throw Incomplete();

    /// <summary>Starts one more process in a running container.</summary>
    public async Task<StartResult> ExecAsync(ExecRequest request, CancellationToken cancellationToken = default) =>
        (await CallAsync(new() { Op = SupervisorOperation.Exec, Exec = request }, cancellationToken)).Started ?? throw Incomplete();

    /// <summary>Sends a signal to one process.</summary>
    public Task SignalAsync(string id, string? execId, int signal, CancellationToken cancellationToken = default) =>
        CallAsync(new() { Op = SupervisorOperation.Signal, Id = id, ExecId = execId, Signal = signal }, cancellationToken);

    /// <summary>Sends SIGKILL to every process of the container, frozen ones included.</summary>
    public Task KillAllAsync(string id, CancellationToken cancellationToken = default) =>
        CallAsync(new() { Op = SupervisorOperation.Signal, Id = id, Signal = 9, All = true }, cancellationToken);

    /// <summary>Sets the size of a terminal; before the start it becomes the first size.</summary>
    public Task ResizeAsync(string id, string? execId, int rows, int columns, CancellationToken cancellationToken = default) =>
        CallAsync(new() { Op = SupervisorOperation.Resize, Id = id, ExecId = execId, Size = new(rows, columns) }, cancellationToken);

    /// <summary>Closes standard input: the process reads end of file after what was sent.</summary>
    public Task CloseStdinAsync(string id, string? execId, CancellationToken cancellationToken = default) =>
        CallAsync(new() { Op = SupervisorOperation.CloseStdin, Id = id, ExecId = execId }, cancellationToken);

    /// <summary>Joins a process's streams, also before it is started. The stream ends when the process ended and all output was delivered.</summary>
    public async Task<AttachStream> AttachAsync(AttachRequest request, CancellationToken cancellationToken = default)
    {
        SupervisorConnection connection = await OpenAsync(cancellationToken);
        try
        {
            await connection.SendAsync(new() { Op = SupervisorOperation.Attach, Attach = request }, cancellationToken);
            SupervisorResponse response = Checked(await connection.ReceiveAsync(cancellationToken));
            return new AttachStream(connection, request, response);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>All processes: running, and ended ones that are not forgotten.</summary>
    public async Task<IReadOnlyList<SupervisedProcess>> ListAsync(CancellationToken cancellationToken = default) =>
        (await CallAsync(new() { Op = SupervisorOperation.List }, cancellationToken)).Processes ?? throw Incomplete();

    /// <summary>Exits as they happen, after those not yet forgotten. Throws when the connection is lost: start the supervisor and watch again.</summary>
    public async IAsyncEnumerable<SupervisorEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using SupervisorConnection connection = await OpenAsync(cancellationToken);
        await connection.SendAsync(new() { Op = SupervisorOperation.Watch }, cancellationToken);
        while (true)
        {
            SupervisorResponse response = Checked(await connection.ReceiveAsync(cancellationToken));
            if (response.Keep is { } keep)
                _kept.Add(keep, connection.TakeDescriptor());
            else if (response.Drop is { } drop)
                _kept.Remove(drop);
            else if (response.Want is { } want)
                await ReturnAsync(want, cancellationToken);
            else if (response.Event is { } news)
            {
                if (news.Process is { } ended)
                    _kept.RemoveAll(ended.Id, ended.ExecId);
                yield return news;
            }
        }
    }

    /// <summary>The exit is recorded elsewhere: the supervisor may drop its record of the container and its execs.</summary>
    public Task ForgetAsync(string id, string? execId = null, CancellationToken cancellationToken = default) =>
        CallAsync(new() { Op = SupervisorOperation.Forget, Id = id, ExecId = execId }, cancellationToken);

    /// <summary>Ends the supervisor; containers run on unless <paramref name="killAll"/>.</summary>
    public Task ShutdownAsync(bool killAll, CancellationToken cancellationToken = default) =>
        CallAsync(new() { Op = SupervisorOperation.Shutdown, All = killAll }, cancellationToken);

    /// <summary>Closes the descriptors kept for the supervisor.</summary>
    public void Dispose() => _kept.Dispose();

    private async Task ReturnAsync(KeptDescriptorName name, CancellationToken cancellationToken)
    {
        if (!_kept.TryGet(name, out Linux.FileDescriptor? descriptor))
            return;
        using SupervisorConnection connection = await OpenAsync(cancellationToken);
        SupervisorRequest request = new() { Op = SupervisorOperation.Return, Id = name.Id, ExecId = name.ExecId, Kept = name.Kind };
        await connection.SendAsync(request, cancellationToken, descriptor);
        await connection.ReceiveAsync(cancellationToken);
    }

    private async Task<SupervisorResponse> CallAsync(SupervisorRequest request, CancellationToken cancellationToken)
    {
        using SupervisorConnection connection = await OpenAsync(cancellationToken);
        await connection.SendAsync(request, cancellationToken);
        return Checked(await connection.ReceiveAsync(cancellationToken));
    }

    private async Task<SupervisorConnection> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await SupervisorConnection.OpenAsync(_socketPath, cancellationToken);
        }
        catch (SocketException e)
        {
            throw new SupervisorException(SupervisorErrorKind.Unavailable, $"the supervisor at {_socketPath} does not answer: {e.Message}", inner: e);
        }
    }

    private static SupervisorResponse Checked(SupervisorResponse response) =>
        response.Error is { } error ? throw new SupervisorException(error.Kind, error.Message, error.ExitCode) : response;

    private static SupervisorException Incomplete() =>
        new(SupervisorErrorKind.System, "the supervisor's answer lacks what was asked for: restart it after an update");
}
