using Berth.Containers.Cgroups;
using Berth.Disks;
using Berth.Engine.Builds;
using Berth.Engine.Events;
using Berth.Engine.Execs;
using Berth.Engine.Host;
using Berth.Engine.Images;
using Berth.Engine.Instances;
using Berth.Engine.Machines;
using Berth.Engine.Networks;
using Berth.Engine.Planning;
using Berth.Engine.State;
using Berth.Engine.Supervision;
using Berth.Engine.Volumes;
using Berth.Images;
using Berth.Linux;
using Berth.Networks;
using Berth.Networks.Bridges;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Berth.Engine;

/// <summary>The engine: instances, images, volumes and their state. One per data root.</summary>
public sealed class BerthEngine : IAsyncDisposable
{
    private readonly EngineContext _context;
    private readonly IDisposable? _link;
    private readonly NetworkFabric _fabric;
    private readonly InstanceNetworks _networks;
    private Task _feed = Task.CompletedTask;

    private BerthEngine(EngineContext context, IDisposable? link)
    {
        _context = context;
        _link = link;
        var specs = new SpecSource(context);
        var remover = new InstanceRemover(context);
        _fabric = new NetworkFabric(context.Options, context.Networks, context.Endpoints, context.Log);
        _networks = new InstanceNetworks(context, context.Networks, context.Endpoints, _fabric);
        var machines = new MachineStarter(context, specs);
        var runner = new InstanceRunner(context, specs, machines, remover, new InstanceVolumes(context), _networks) { Running = BeginHealth };
        Execs = new ExecService(context, specs);
        var views = new InstanceViews(context, Execs);
        Instances = new InstanceService(context, specs, runner, remover, views, _networks);
        Networks = new NetworkService(context, context.Networks, context.Endpoints, _fabric, _networks);
        System = new SystemService(context, views);
        Registries = new RegistryService(context.Images, context.Options.Registries, context.Clock);
        var steps = new StepProcesses(context, specs, machines, _networks);
        Builds = new BuildService(new BuildParts(context.Images, Registries, steps, new CacheMounts(context.Paths.BuildCaches), context));
        Recovery = new Recovery(context, runner, remover, Execs, steps, BeginHealth);
        Feed = new SupervisorFeed(context, runner, Execs, steps, Recovery);
        context.Images.SetUse(UseOf);
        context.Volumes.SetUsers(name => [.. context.Registry.All.Where(i => i.Definition.Mounts.Any(m => m.VolumeName == name)).Select(static i => i.Name)]);
    }

    /// <summary>Containers.</summary>
    public InstanceService Instances { get; }

    /// <summary>Further processes in instances.</summary>
    public ExecService Execs { get; }

    /// <summary>Images.</summary>
    public ImageService Images => _context.Images;

    /// <summary>Images from and to registries.</summary>
    public RegistryService Registries { get; }

    /// <summary>Builds of images.</summary>
    public BuildService Builds { get; }

    /// <summary>Volumes.</summary>
    public VolumeService Volumes => _context.Volumes;

    /// <summary>Networks.</summary>
    public NetworkService Networks { get; }

    /// <summary>Kernels of virtual machines.</summary>
    public KernelService Kernels => _context.Kernels;

    /// <summary>What happens.</summary>
    public EventJournal Events => _context.Events;

    /// <summary>Facts about engine and host.</summary>
    public SystemService System { get; }

    internal Recovery Recovery { get; }

    internal SupervisorFeed Feed { get; }

    /// <summary>Opens the state, connects to (or starts) the supervisor and brings both to agreement.</summary>
    public static async Task<BerthEngine> StartAsync(EngineOptions options, ILoggerFactory? loggers, TimeProvider clock, CancellationToken cancellationToken)
    {
        var link = new SupervisorLink(options);
        try
        {
            return await StartAsync(options, link, link, loggers, clock, cancellationToken);
        }
        catch
        {
            link.Dispose();
            throw;
        }
    }

    /// <summary>Lets go; instances run on.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_context.Stopping.IsCancellationRequested)
            return;
        await _context.Stopping.CancelAsync();
        await Builds.SettledAsync();
        await _feed;
        await CloseNetworksAsync();
        RemoveEmptyCgroup();
        _link?.Dispose();
        _context.Images.Store.Dispose();
        _context.Store.Dispose();
    }

    internal static async Task<BerthEngine> StartAsync(
        EngineOptions options, ISupervisor supervisor, IDisposable? link, ILoggerFactory? loggers, TimeProvider clock, CancellationToken cancellationToken)
    {
        var paths = new EnginePaths(options.DataRoot);
        const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(options.DataRoot, Private | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        Directory.CreateDirectory(paths.Containers, Private);
        Directory.CreateDirectory(options.RunRoot);
        Task supervisorReady = supervisor.EnsureRunningAsync(cancellationToken);
        StateStore store = StateStore.Open(paths.Database);
        ImageStore? images = null;
        try
        {
            images = ImageStore.Open(paths.Images, clock);
            var events = new EventJournal(clock);
            var cgroups = CgroupHierarchy.Detect();
            var stopping = new CancellationTokenSource();
            var disks = new ImageDisks(paths.Disks);
            var networks = new NetworkRegistry(store, clock, new InterfaceNames(options.RunRoot), options.AddressPools);
            var context = new EngineContext
            {
                Stopping = stopping,
                States = new StateWriter(store, clock, stopping.Token),
                Options = options,
                Paths = paths,
                Clock = clock,
                Log = (loggers ?? NullLoggerFactory.Instance).CreateLogger("Berth.Engine"),
                Store = store,
                Events = events,
                Supervisor = supervisor,
                Cgroups = cgroups,
                Host = HostFacts.Read(cgroups),
                Images = new ImageService(images, events, disks),
                Volumes = new VolumeService(paths, store, events, clock),
                Networks = networks,
                Endpoints = new EndpointTable(store, networks),
                Kernels = new KernelService(paths.Kernels, clock),
                Disks = disks,
                Machines = MachineHost.Read(options.InstallDirectory),
            };
            var engine = new BerthEngine(context, link);
            BaseLayer.Ensure(paths);
            engine.Recovery.Load();
            context.Endpoints.Load();
            await supervisorReady;
            await engine.Recovery.ReconcileAsync(cancellationToken);
            engine.Recovery.SettleVolumes();
            await engine._networks.ReconcileAsync();
            engine._feed = engine.Feed.RunAsync(context.Stopping.Token);
            await engine.Feed.Replayed.WaitAsync(cancellationToken);
            await engine.Recovery.ResumeAsync(cancellationToken);
            EngineLog.Ready(context.Log, context.Registry.Count, context.Registry.All.Count(static i => i.State.IsRunning));
            return engine;
        }
        catch
        {
            images?.Dispose();
            store.Dispose();
            throw;
        }
    }

    private async Task CloseNetworksAsync()
    {
        try
        {
            await _networks.SettledAsync();
            await _fabric.DisposeAsync();
        }
        catch (Exception e) when (e is LinuxException or NetworkException or IOException)
        {
            // The next start finds what is left.
            EngineLog.Failed(_context.Log, "networks", "letting go of them", e);
        }
    }

    private void RemoveEmptyCgroup()
    {
        try
        {
            _context.Cgroups.RemoveIfEmpty(_context.Options.CgroupParent);
        }
        catch (CgroupException)
        {
            // Not a path below the hierarchy: nothing of ours.
        }
    }

    private void BeginHealth(Instance instance)
    {
        if (!HealthMonitor.IsWanted(instance.Definition.Config.Healthcheck))
            return;
        instance.Health = new HealthMonitor(_context, instance, Execs, instance.Definition.Config.Healthcheck!);
        instance.Health.Start();
    }

    private ImageUse? UseOf(string imageId)
    {
        Instance[] users = [.. _context.Registry.All.Where(i => i.Definition.ImageId == imageId || i.Definition.Mounts.Any(m => m.ImageId == imageId))];
        Instance? user = users.FirstOrDefault(static i => i.State.IsRunning) ?? users.FirstOrDefault();
        return user is null ? null : new ImageUse(user.Id, user.State.IsRunning);
    }
}
