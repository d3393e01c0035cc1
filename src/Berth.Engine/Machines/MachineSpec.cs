using Berth.Containers.Security;
using Berth.Containers.Spec;
using Berth.Engine.Configuration;
using Berth.Engine.Planning;
using Berth.Engine.State;
using Berth.Vmm.Control;

namespace Berth.Engine.Machines;

/// <summary>
/// Instance definition → runtime specification of its berth-vmm: a container without capabilities that sees its program, the machine's
/// parts and one directory of its own, and nothing else. No effect on the host.
/// </summary>
internal static class MachineSpec
{
    /// <summary>Threads of berth-vmm and of the execs beside it.</summary>
    public const int MaxThreads = 4096;

    /// <summary>Open files of a berth-vmm that shares folders: more than its own limits come to.</summary>
    private const ulong MaxDescriptors = 65_536;

    private static readonly string[] Environment =
    [
        SpecBuilder.DefaultPath, "HOME=/", "DOTNET_ROOT=" + MachinePlaces.DotnetRoot, "DOTNET_EnableDiagnostics=0", "DOTNET_gcServer=0",
    ];

    public static RuntimeSpec Build(InstanceDefinition definition, SpecInputs inputs, MachineHost machines, MachineParts parts, string directory, CpuEngine engine = CpuEngine.Translator)
    {
        HostConfig host = definition.HostConfig;
        ProcessSpec machine = Process(definition, [MachinePlaces.Program, "run", MachinePlaces.Config]);
        return new RuntimeSpec
        {
            OciVersion = "1.2.0",
            Process = MachineFolders.Any(definition) ? WithRightsOverFiles(machine) : machine,
            Root = new RootSpec { Path = "rootfs", Readonly = true },
            Hostname = SpecBuilder.HostName(definition, inputs),
            Mounts = [.. Mounts(machines, parts, directory), .. MachineFolders.Mounts(definition, inputs)],
            Annotations = host.Annotations ?? new Dictionary<string, string>(),
            Linux = new LinuxSpec
            {
                Namespaces = [.. ((string[])[NamespaceType.Mount, NamespaceType.Pid, NamespaceType.Network, NamespaceType.Ipc, NamespaceType.Uts, NamespaceType.Cgroup])
                    .Select(static type => new NamespaceSpec { Type = type })],
                CgroupsPath = inputs.CgroupPath,
                Resources = ResourcePlan.Build(MachineSize.Sandbox(host), inputs.Host) with { Devices = engine == CpuEngine.Kvm ? [.. DefaultDevices.Rules, DefaultDevices.AllowFor(Kvm, "rw")] : DefaultDevices.Rules },
                Devices = engine == CpuEngine.Kvm ? [Kvm] : [],
                Seccomp = Seccomp(inputs),
                MaskedPaths = DefaultPaths.Masked,
                ReadonlyPaths = DefaultPaths.Readonly,
            },
        };
    }

    // The one device beyond those of every container, and only for machines that run on it.
    private static DeviceSpec Kvm { get; } = new() { Path = "/dev/kvm", Type = "c", Major = 10, Minor = 232, FileMode = 0x180, Uid = 0, Gid = 0 };

    // What a container's root may do with files, as far as the mounts let it: the guest's users own what they make in shared folders.
    private static ProcessSpec WithRightsOverFiles(ProcessSpec process) => process with
    {
        Capabilities = SpecBuilder.Capabilities(CapabilitySet.Of(
            Capability.CHOWN, Capability.DAC_OVERRIDE, Capability.FOWNER, Capability.FSETID, Capability.MKNOD, Capability.SETGID, Capability.SETUID, Capability.SETFCAP)),
        Rlimits = [new RlimitSpec { Type = "RLIMIT_NOFILE", Soft = MaxDescriptors, Hard = MaxDescriptors }],
    };

    /// <summary>The helper that stands for a further process of the guest.</summary>
    public static ProcessSpec Exec(InstanceDefinition definition, string workload, bool tty) =>
        Process(definition, [MachinePlaces.Program, "exec", MachinePlaces.ControlSocket]) with
        {
            Terminal = tty,
            ConsoleSize = null,
            // Not among the arguments, which every user of the host can read.
            Env = [.. Environment, "BERTH_PROCESS=" + workload],
        };

    private static ProcessSpec Process(InstanceDefinition definition, IReadOnlyList<string> arguments) => new()
    {
        Terminal = definition.Config.Tty,
        ConsoleSize = definition.Config.Tty && definition.HostConfig.ConsoleSize is [> 0 and var height, > 0 and var width]
            ? new ConsoleSize { Height = (uint)height, Width = (uint)width }
            : null,
        Args = arguments,
        Env = Environment,
        Cwd = "/",
        Capabilities = SpecBuilder.Capabilities(CapabilitySet.Empty),
        NoNewPrivileges = true,
        OomScoreAdj = definition.HostConfig.OomScoreAdj == 0 ? null : definition.HostConfig.OomScoreAdj,
    };

    /// <summary>The filter of every process in the sandbox.</summary>
    public static SeccompSpec? Seccomp(SpecInputs inputs) => inputs.Seccomp(null, CapabilitySet.Empty);

    private static List<MountSpec> Mounts(MachineHost machines, MachineParts parts, string directory)
    {
        var mounts = new List<MountSpec>
        {
            Mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
            Mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=64k"),
            Mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
            Mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
            // The runtime measures itself by its limits.
            Mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro"),
            Mount("/tmp", "tmpfs", "tmpfs", "nosuid", "noexec", "nodev", "mode=1777", "size=16m"),
        };
        foreach (string libraries in machines.LibraryDirectories)
            mounts.Add(ReadOnly(libraries, libraries));
        mounts.Add(ReadOnly(MachinePlaces.DotnetRoot, machines.DotnetRoot));
        mounts.Add(ReadOnly(MachinePlaces.InstallDirectory, machines.InstallDirectory));
        mounts.Add(ReadOnly(MachinePlaces.Kernel, parts.Kernel));
        mounts.Add(ReadOnly(MachinePlaces.Initrd, parts.Initrd));
        mounts.Add(ReadOnly(MachinePlaces.BaseDisk, parts.Disk));
        mounts.Add(ReadOnly(MachinePlaces.Config, parts.Config));
        mounts.Add(Mount(MachinePlaces.Directory, "bind", directory, "bind", "rprivate", "nosuid", "nodev", "noexec", "rw"));
        return mounts;
    }

    private static MountSpec ReadOnly(string destination, string source) => Mount(destination, "bind", source, "bind", "rprivate", "nosuid", "nodev", "ro");

    private static MountSpec Mount(string destination, string type, string source, params string[] options) =>
        new() { Destination = destination, Type = type, Source = source, Options = options };
}
