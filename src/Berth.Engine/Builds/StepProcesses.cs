using System.Collections.Concurrent;
using Berth.Containers.Supervision;
using Berth.Engine.Configuration;
using Berth.Engine.Execs;
using Berth.Engine.Instances;
using Berth.Engine.Machines;
using Berth.Engine.Networks;
using Berth.Engine.Planning;
using Berth.Engine.State;
using Berth.Engine.Supervision;
using Berth.Networks;

namespace Berth.Engine.Builds;

/// <summary>
/// Runs the commands of builds: containers, or virtual machines, that no list shows and no record holds. When the engine dies, the next one finds their processes
/// and directories without a record and ends and removes them.
/// </summary>
internal sealed class StepProcesses(EngineContext context, SpecSource specs, MachineStarter machines, InstanceNetworks networks)
{
    /// <summary>The same in every build, so that what a command makes of it is the same too.</summary>
    public const string HostName = "berth-build";

    private readonly ConcurrentDictionary<string, (TaskCompletionSource<SupervisedProcess> End, InstanceDefinition Definition)> _running = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _orphans = new(StringComparer.Ordinal);
    private readonly Lock _idRanges = new();

    /// <summary>Whether a process of the supervisor's is a step that runs in this engine.</summary>
    public bool Owns(string id) => _running.ContainsKey(id);

    /// <summary>Takes the end of a step; false when it is none of this engine's.</summary>
    public bool TryEnd(SupervisedProcess process)
    {
        if (!_running.TryGetValue(process.Id, out var step))
            return false;
        step.End.TrySetResult(process);
        return true;
    }

    /// <summary>A process that no record holds is about to be ended; it may write into its directory until then.</summary>
    public void AddOrphan(string id) => _orphans.TryAdd(id, true);

    /// <summary>It has ended: its directory goes.</summary>
    public void SweepOrphan(string id)
    {
        if (_orphans.TryRemove(id, out _) && Directory.Exists(context.Paths.Container(id)) && !Trees.TryDelete(context.Paths.Container(id), out IOException? error))
            EngineLog.Failed(context.Log, id, "deleting what was left of it", error!);
    }

    /// <summary>Checks limits and network before anything is built.</summary>
    /// <exception cref="EngineException">One of them is not possible.</exception>
    public void Check(HostConfig host)
    {
        if (host.IsMachine && host.NetworkMode == "host")
            throw EngineException.NotImplemented("networkmode host: not with isolation vm: a virtual machine has its own kernel's network: name a network, or use isolation container");
        CreateRequest request = Request(host);
        RequestValidator.Validate(request, context.Host);
        NetworkRules.Resolve(request, context.Networks);
    }

    /// <summary>Runs a command to its end and gives its exit code; what it wrote lies in its directory then, of a machine that ended with 0 as a layer.</summary>
    /// <exception cref="EngineException">It could not be started.</exception>
    public async Task<int> RunAsync(StepCommand command, Func<bool, ReadOnlyMemory<byte>, ValueTask> output, CancellationToken cancellationToken)
    {
        var end = new TaskCompletionSource<SupervisedProcess>(TaskCreationOptions.RunContinuationsAsynchronously);
        InstanceDefinition definition = Register(command, end);
        try
        {
            InstanceAttachment attachment = await networks.AttachAsync(new Instance($"build-{command.Id[..12]}", definition, InstanceState.Initial));
            InstanceFiles.WriteEtc(context, definition, HostName, null, networks.Facts(command.Id));
            string[] layers = [.. command.LowerDirectories, context.Paths.BaseLayer];
            StartRequest request = definition.IsMachine
                ? await machines.RequestAsync(definition, attachment.Interfaces, layers, cancellationToken)
                : specs.Request(definition, specs.Build(definition, joins: false), new RootfsRequest
                {
                    LowerDirectories = layers,
                    UpperDirectory = context.Paths.Upper(command.Id),
                    WorkDirectory = context.Paths.Work(command.Id),
                }) with
                { Interfaces = attachment.Interfaces };
            return await RunAsync(request with { Log = null }, end.Task, output, cancellationToken);
        }
        catch (SupervisorException e)
        {
            throw SupervisorErrors.Translate(e);
        }
        catch (NetworkException e)
        {
            throw NetworkErrors.Translate(e);
        }
        finally
        {
            networks.Leave(command.Id);
            _running.TryRemove(command.Id, out _);
        }
    }

    private async Task<int> RunAsync(StartRequest request, Task<SupervisedProcess> end, Func<bool, ReadOnlyMemory<byte>, ValueTask> output, CancellationToken cancellationToken)
    {
        SupervisedStream stream = await context.Supervisor.AttachAsync(new AttachRequest { Id = request.Id, Stdout = true, Stderr = true }, cancellationToken);
        await using Stream frames = stream.Stream;
        await context.Supervisor.StartAsync(request, CancellationToken.None);
        try
        {
            await FrameReader.ReadAsync(frames, (kind, bytes) => output(kind == 2, bytes), cancellationToken);
            return (await end.WaitAsync(cancellationToken)).ExitCode ?? 255;
        }
        finally
        {
            await EndAsync(request.Id, end);
        }
    }

    // Nothing may write into its directory when that is read or removed. An engine that stops waits for nobody: the next one finds what is left.
    private async Task EndAsync(string id, Task<SupervisedProcess> end)
    {
        try
        {
            if (!end.IsCompleted)
                await context.Supervisor.KillAllAsync(id, CancellationToken.None);
        }
        catch (SupervisorException)
        {
            // It ended by itself at this moment.
        }
        if (await Task.WhenAny(end, Task.Delay(Timeout.Infinite, context.Stopping.Token)) == end)
            await context.Supervisor.ForgetAsync(id, null, CancellationToken.None);
    }

    private InstanceDefinition Register(StepCommand command, TaskCompletionSource<SupervisedProcess> end)
    {
        HostConfig host = command.HostConfig with
        {
            IpcMode = "private",
            CgroupnsMode = "private",
            UsernsMode = context.Options.PrivateUserNamespaces && !command.HostConfig.IsMachine ? "private" : command.HostConfig.UsernsMode,
            ShmSize = command.HostConfig.ShmSize > 0 ? command.HostConfig.ShmSize : 64 << 20,
        };
        (string network, NetworkingConfig networking) = NetworkRules.Resolve(Request(host), context.Networks);
        var definition = new InstanceDefinition
        {
            Id = command.Id,
            CreatedAt = context.Clock.GetUtcNow(),
            ImageId = "",
            Config = new InstanceConfig { Hostname = HostName, User = command.User, Env = command.Environment, WorkingDir = command.WorkingDirectory },
            HostConfig = host with { NetworkMode = network },
            NetworkingConfig = networking,
            Arguments = command.Arguments,
            Mounts = command.Mounts,
        };
        lock (_idRanges)
        {
            if (host.UsernsMode == "private")
                definition = definition with { IdBase = UserNamespaces.Allocate(context.Registry.All.Select(static i => i.Definition).Concat(_running.Values.Select(static step => step.Definition))) };
            _running[command.Id] = (end, definition);
        }
        return definition;
    }

    private static CreateRequest Request(HostConfig host) => new() { Config = new InstanceConfig { Image = "build" }, HostConfig = host };
}
