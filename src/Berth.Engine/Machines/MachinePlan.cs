using System.Text;
using Berth.Containers.Interfaces;
using Berth.Containers.Security;
using Berth.Containers.Spec;
using Berth.Disks;
using Berth.Engine.Configuration;
using Berth.Engine.Execs;
using Berth.Engine.Planning;
using Berth.Engine.State;
using Berth.Vmm.Control;
using static Berth.Linux.Libc;

namespace Berth.Engine.Machines;

/// <summary>Instance definition → what berth-vmm is told. No effect on the host.</summary>
internal static class MachinePlan
{
    // A process travels to the guest in one frame of 64 KiB. See docs/guest-protocol.md.
    private const int MaxProcessBytes = 60_000;

    // Every name has headers of its own in a tar.
    private const int LayerBytesPerDiskByte = 2;

    // After the standard streams.
    private const int FirstTap = 3;

    /// <param name="definition">The instance.</param>
    /// <param name="host">What this host offers.</param>
    /// <param name="hostName">The guest's name.</param>
    /// <param name="hosts">Content of /etc/hosts.</param>
    /// <param name="resolver">Content of /etc/resolv.conf.</param>
    /// <param name="interfaces">Network cards, each with a tap.</param>
    /// <param name="engine">What its processors are.</param>
    /// <param name="givesLayer">Whether what it changes is wanted as a layer.</param>
    public static MachineConfig Build(
        InstanceDefinition definition, MachineHost host, string hostName, string hosts, string resolver, IReadOnlyList<InterfaceConfig> interfaces, CpuEngine engine = CpuEngine.Translator, bool givesLayer = false) => new()
        {
            CpuEngine = engine,
            DirectExecution = MachineRules.AllowsDirectExecution(definition.HostConfig),
            Id = definition.Id,
            Memory = MachineSize.Memory(definition.HostConfig),
            Cpus = MachineSize.Cpus(definition.HostConfig, host.Processors),
            Kernel = MachinePlaces.Kernel,
            Initrd = MachinePlaces.Initrd,
            Disks = [new DiskConfig(MachinePlaces.BaseDisk, IsReadOnly: true), new DiskConfig(MachinePlaces.WritableDisk, IsReadOnly: false)],
            Networks = [.. interfaces.Select(static (card, index) => new NetworkCardConfig(FirstTap + index, card.Mac, card.Name, card.Mtu, card.Addresses, card.Gateways))],
            SharedFolders = MachineFolders.Configs(definition),
            BaseFileSystem = ImageDisks.FileSystem,
            WritableFileSystem = Berth.Disks.WritableDisk.FileSystem,
            Hostname = hostName,
            Hosts = hosts,
            ResolverConfiguration = resolver,
            Mounts = Mounts(definition),
            Workload = Workload(definition, hostName),
            ConsoleLog = MachinePlaces.ConsoleLog,
            LayerFile = givesLayer ? MachinePlaces.Layer : "",
            LayerLimit = givesLayer ? LayerBytesPerDiskByte * MachineSize.Disk(definition.HostConfig) : 0,
            ControlSocket = MachinePlaces.ControlSocket,
        };

    public static WorkloadConfig Workload(InstanceDefinition definition, string hostName)
    {
        InstanceConfig config = definition.Config;
        HostConfig host = definition.HostConfig;
        return Checked(new WorkloadConfig
        {
            Args = definition.Arguments,
            Env = SpecBuilder.Environment(config, hostName),
            Cwd = config.WorkingDir ?? "",
            User = config.User ?? "",
            Groups = host.GroupAdd ?? [],
            Limits = [.. (host.Ulimits ?? []).Select(static u => Limit(Rlimits.FromUlimit(u.Name!, u.Soft, u.Hard)))],
            Tty = config.Tty,
            OpenStdin = config.OpenStdin,
            Init = host.Init ?? false,
            NoNewPrivileges = Planning.SecurityOptions.Parse(host).NoNewPrivileges,
        });
    }

    /// <summary>A further process; what it leaves open is as the workload has it.</summary>
    public static WorkloadConfig Exec(InstanceDefinition definition, string hostName, ExecConfig exec)
    {
        WorkloadConfig workload = Workload(definition, hostName);
        return Checked(workload with
        {
            Args = exec.Cmd!,
            Env = ConfigMerge.Environment(exec.Tty ? ["TERM=xterm"] : [], ConfigMerge.Environment(workload.Env, exec.Env)),
            Cwd = string.IsNullOrEmpty(exec.WorkingDir) ? workload.Cwd : exec.WorkingDir,
            User = string.IsNullOrEmpty(exec.User) ? workload.User : exec.User,
            Tty = exec.Tty,
            OpenStdin = exec.AttachStdin,
            Init = false,
        });
    }

    private static WorkloadConfig Checked(WorkloadConfig workload)
    {
        long bytes = workload.Args.Concat(workload.Env).Concat(workload.Groups).Append(workload.Cwd).Append(workload.User)
            .Sum(static text => 4L + Encoding.UTF8.GetByteCount(text));
        return bytes <= MaxProcessBytes
            ? workload
            : throw EngineException.Invalid($"Cmd, Env: command and environment together have {bytes} bytes, a process in a virtual machine takes at most {MaxProcessBytes}: put the rest into a file");
    }

    private static LimitConfig Limit(RlimitSpec limit) => Rlimits.TryGetResource(limit.Type, out int resource)
        ? new LimitConfig((uint)resource, limit.Soft, limit.Hard)
        : throw new ArgumentException($"unknown limit {limit.Type}", nameof(limit));

    private static List<GuestMountConfig> Mounts(InstanceDefinition definition)
    {
        List<GuestMountConfig> mounts = [new("shm", "/dev/shm", "tmpfs", (uint)(MS_NOSUID | MS_NODEV | MS_NOEXEC), $"mode=1777,size={definition.HostConfig.ShmSize}")];
        int folders = 0;
        foreach (PlannedMount mount in definition.Mounts)
            mounts.Add(mount.Type == "tmpfs" ? Tmpfs(mount) : Folder(folders++, mount));
        return mounts;
    }

    private static GuestMountConfig Folder(int number, PlannedMount mount) =>
        new(MachineFolders.Name(number), mount.Destination, GuestMountConfig.Shared, mount.ReadOnly ? (uint)MS_RDONLY : 0);

    private static GuestMountConfig Tmpfs(PlannedMount mount)
    {
        (ulong flags, string data) = MountFlags.Split(mount.TmpfsOptions);
        return new GuestMountConfig("tmpfs", mount.Destination, "tmpfs", (uint)(flags | (mount.ReadOnly ? MS_RDONLY : 0)), data);
    }
}
