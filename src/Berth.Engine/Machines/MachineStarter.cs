using System.Text.Json;
using Berth.Boot.Store;
using Berth.Containers.Host;
using Berth.Containers.Interfaces;
using Berth.Containers.Spec;
using Berth.Containers.Supervision;
using Berth.Disks;
using Berth.Engine.Configuration;
using Berth.Engine.Instances;
using Berth.Engine.State;
using Berth.Guest.Initrd;
using Berth.Vmm.Control;

namespace Berth.Engine.Machines;

/// <summary>Makes what a virtual machine boots from, and the request that starts its berth-vmm. Everything but the machine's own disk is made once and shared.</summary>
internal sealed class MachineStarter(EngineContext context, SpecSource specs)
{
    private readonly InitrdBuilder _initrds = new(context.Paths.Initrds);

    /// <param name="definition">The instance.</param>
    /// <param name="interfaces">Its network cards.</param>
    /// <param name="layers">For the command of a build, the directories that it works on, topmost first: they become a disk of its own, and what it changes
    /// is left as a layer. Null for an instance of an image.</param>
    /// <param name="cancellationToken">Gives up; what was made for this machine alone stays in its directory.</param>
    public Task<StartRequest> RequestAsync(
        InstanceDefinition definition, IReadOnlyList<InterfaceConfig> interfaces, IReadOnlyList<string>? layers, CancellationToken cancellationToken) => MachineErrors.TranslatedAsync(async () =>
    {
        RequireInstalled();
        MachineFolders.CheckSources(definition);
        MachineParts parts = await PartsAsync(definition, layers, cancellationToken);
        string directory = context.Paths.Machine(definition.Id);
        await Task.Run(() => EnsureDisk(directory, MachineSize.Disk(definition.HostConfig)), CancellationToken.None);
        CpuEngine engine = await Task.Run(() => Engine(definition.HostConfig), CancellationToken.None);
        WriteConfig(definition, interfaces, parts.Config, engine, givesLayer: layers is not null);
        MachineRoot.Ensure(context.Paths.MachineRoot, context.Machines);
        RuntimeSpec spec = specs.BuildMachine(definition, parts, engine);
        return specs.Request(definition, spec, new RootfsRequest { Directory = context.Paths.MachineRoot }) with
        {
            User = null,
            GroupAdd = [],
            Init = false,
            Taps = [.. interfaces.Select(static i => new TapConfig { HostName = i.HostName, Bridge = i.Bridge, Mtu = i.Mtu })],
        };
    });

    private void RequireInstalled()
    {
        string directory = context.Machines.InstallDirectory;
        if (!File.Exists(Path.Combine(directory, "berth-vmm")))
            throw new EngineException(EngineErrorKind.System, $"berth-vmm, the program of virtual machines, is missing in {directory}: build Berth again");
        if (!File.Exists(Agent))
            throw new EngineException(EngineErrorKind.System, $"berth-agent, the guest's agent, is missing in {directory}: run scripts/install-runtime vm, then ./berth builds it; restart the daemon after that");
    }

    private string Agent => Path.Combine(context.Machines.InstallDirectory, "berth-agent");

    private async Task<MachineParts> PartsAsync(InstanceDefinition definition, IReadOnlyList<string>? layers, CancellationToken cancellationToken)
    {
        Task<string>? shared = layers is null ? context.Disks.GetAsync(definition.ImageId, context.LowerDirectories(definition.ImageId), null, cancellationToken) : null;
        StoredKernel kernel = await context.Kernels.GetAsync(definition.HostConfig.Annotations?.GetValueOrDefault(MachineRules.KernelAnnotation), null, cancellationToken);
        string initrd = await Task.Run(() => Initrd(kernel, MachineFolders.Any(definition)), cancellationToken);
        // A disk of the instance's own is waited for whatever happens: its directory may go after this.
        string disk = shared is not null ? await shared : await Task.Run(() => StepDisk(definition.Id, layers!), CancellationToken.None);
        return new MachineParts(kernel.Path, initrd, disk, layers is null ? context.Paths.MachineConfig(definition.Id) : StepConfig(definition.Id));
    }

    // The command's environment may hold secrets: they are in memory only.
    private string StepConfig(string id)
    {
        string directory = context.Options.StepDirectory(id);
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return Path.Combine(directory, "machine.json");
    }

    private string StepDisk(string id, IReadOnlyList<string> layers)
    {
        string path = context.Paths.StepDisk(id);
        ImageDisks.Build(path, id, layers);
        return path;
    }

    private string Initrd(StoredKernel kernel, bool folders) => kernel.ModulesDirectory is { } modules
        ? _initrds.Build(Agent, KernelModules.Open(modules), folders ? [.. InitrdBuilder.DefaultModules, InitrdBuilder.SharedFoldersModule] : InitrdBuilder.DefaultModules)
        : _initrds.Build(Agent, KernelModules.None, []);

    // Asked for by name, KVM is taken whatever the probe says of it.
    private CpuEngine Engine(HostConfig host) => MachineRules.RequestedEngine(host) switch
    {
        "kvm" => File.Exists("/dev/kvm")
            ? CpuEngine.Kvm
            : throw new EngineException(EngineErrorKind.System, "/dev/kvm does not exist on this host: leave --cpu-engine out, and see berth doctor"),
        "translator" => CpuEngine.Translator,
        "interpreter" => CpuEngine.Interpreter,
        _ => KvmVerdict.Get(context.Paths.DataRoot, context.Machines.InstallDirectory, keep: true).Usable ? CpuEngine.Kvm : CpuEngine.Translator,
    };

    // A restart finds the disk it left. One that a crash left half made has another name and is made anew.
    private static void EnsureDisk(string directory, long length)
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string disk = MachinePlaces.OnHost(directory, MachinePlaces.WritableDisk), half = disk + ".new";
        if (File.Exists(disk))
            return;
        File.Delete(half);
        WritableDisk.Create(half, length);
        File.Move(half, disk);
    }

    /// <summary>What the machine that was started from this file last runs on; null before its first start.</summary>
    public static string? EngineOf(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), ControlJson.Default.MachineConfig)?.CpuEngine.ToString().ToLowerInvariant();
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    private void WriteConfig(InstanceDefinition definition, IReadOnlyList<InterfaceConfig> interfaces, string path, CpuEngine engine, bool givesLayer)
    {
        string files = context.Paths.Container(definition.Id);
        MachineConfig config = MachinePlan.Build(
            definition, context.Machines, specs.HostName(definition), File.ReadAllText(Path.Combine(files, "hosts")), File.ReadAllText(Path.Combine(files, "resolv.conf")), interfaces, engine, givesLayer);
        using var output = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        JsonSerializer.Serialize(output, config, ControlJson.Default.MachineConfig);
    }
}
