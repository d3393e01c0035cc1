using Berth.Containers.Spec;
using Berth.Engine.Configuration;
using Berth.Engine.Machines;
using Berth.Engine.State;
using Berth.Vmm.Control;

namespace Berth.Engine.Tests.Machines;

public sealed class MachineSpecTests
{
    private static readonly MachineHost Host = new()
    {
        InstallDirectory = "/opt/berth",
        DotnetRoot = "/usr/share/dotnet",
        LibraryDirectories = ["/usr/lib", "/usr/lib64"],
        LibraryLinks = [("/lib", "usr/lib"), ("/lib64", "usr/lib64")],
    };

    private static readonly MachineParts Parts = new("/k", "/i", "/d", "/c");

    private static InstanceDefinition Make(HostConfig? host = null, InstanceConfig? config = null) => Definitions.Make((host ?? new HostConfig()) with { Runtime = "vm" }, config);

    private static RuntimeSpec Build(HostConfig? host = null, InstanceConfig? config = null) => MachineSpec.Build(Make(host, config), Definitions.Inputs, Host, Parts, "/data/vm");

    [Fact]
    public void Build_TheProgram_HasNoRightsAtAll()
    {
        RuntimeSpec spec = Build(new HostConfig { GroupAdd = ["disk"] }, new InstanceConfig { User = "nobody", Env = ["SECRET=1"], WorkingDir = "/w" });
        Assert.Empty(SpecValidator.Validate(spec));
        ProcessSpec process = spec.Process!;
        Assert.Equal(["/berth/berth-vmm", "run", "/boot/machine.json"], process.Args);
        Assert.Empty(process.Capabilities!.Bounding);
        Assert.Empty(process.Capabilities.Permitted);
        Assert.Empty(process.Capabilities.Effective);
        Assert.True(process.NoNewPrivileges);
        Assert.Equal("/", process.Cwd);
        Assert.Contains("DOTNET_ROOT=/dotnet", process.Env);
        Assert.DoesNotContain("SECRET=1", process.Env);
        Assert.True(spec.Root!.Readonly);
        Assert.NotNull(spec.Linux!.Seccomp);
        Assert.Contains("/proc/kcore", spec.Linux.MaskedPaths);
        Assert.Equal(
            [NamespaceType.Mount, NamespaceType.Pid, NamespaceType.Network, NamespaceType.Ipc, NamespaceType.Uts, NamespaceType.Cgroup],
            spec.Linux.Namespaces.Select(static n => n.Type));
        Assert.All(spec.Linux.Namespaces, static n => Assert.Null(n.Path));
    }

    [Fact]
    public void Build_SharedFolders_AreAllItSeesOfThemAndItMayServeThem()
    {
        PlannedMount[] mounts =
        [
            new() { Type = "bind", Source = "/srv/a", Destination = "/a", ReadOnly = true },
            new() { Type = "tmpfs", Destination = "/t" },
            new() { Type = "volume", VolumeName = "v", Source = "/data/volumes/v/_data", Destination = "/v", Subpath = "sub" },
        ];
        RuntimeSpec spec = MachineSpec.Build(Definitions.Make(new HostConfig { Runtime = "vm" }, mounts: mounts), Definitions.Inputs, Host, Parts, "/data/vm");
        Assert.Empty(SpecValidator.Validate(spec));
        MountSpec[] folders = [.. spec.Mounts.Where(static m => m.Destination.StartsWith("/folders", StringComparison.Ordinal))];
        Assert.Equal(["tmpfs=/folders", "/srv/a=/folders/0", "/data/volumes/v/_data=/folders/1"], folders.Select(static m => $"{m.Source}={m.Destination}"));
        Assert.Equal((null, "sub"), (folders[1].Subpath?.Length > 0 ? folders[1].Subpath : null, folders[2].Subpath));
        Assert.Contains("rro", folders[1].Options);
        Assert.DoesNotContain("rro", folders[2].Options);
        Assert.All(folders, static m => Assert.Superset(new HashSet<string> { "nosuid", "nodev", "noexec" }, m.Options.ToHashSet()));
        Assert.Equal(["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_MKNOD", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETUID"], spec.Process!.Capabilities!.Bounding.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Build_Binds_OneDirectoryIsWritableAndTheRestIsNot()
    {
        List<MountSpec> binds = [.. Build().Mounts.Where(static m => m.Type == "bind")];
        Assert.Equal(
            ["/usr/lib=/usr/lib", "/usr/lib64=/usr/lib64", "/usr/share/dotnet=/dotnet", "/opt/berth=/berth", "/k=/boot/kernel", "/i=/boot/initrd", "/d=/disks/base", "/c=/boot/machine.json", "/data/vm=/machine"],
            binds.Select(static m => $"{m.Source}={m.Destination}"));
        Assert.Equal(["/machine"], binds.Where(static m => !m.Options.Contains("ro")).Select(static m => m.Destination));
        Assert.All(binds, static m => Assert.Contains("nosuid", m.Options));
        Assert.All(binds, static m => Assert.Contains("nodev", m.Options));
    }

    [Fact]
    public void Build_Limits_AreTheMachinesAndTheProgramsOwn()
    {
        LinuxResources limits = Build(new HostConfig { Memory = 256 << 20, NanoCpus = 500_000_000, BlkioWeight = 50 }).Linux!.Resources!;
        Assert.Equal((256L << 20) + MachineLimits.Overhead, limits.Memory!.Limit);
        Assert.Equal(50_000, limits.Cpu!.Quota);
        Assert.Equal(MachineSpec.MaxThreads, limits.Pids!.Limit);
        Assert.Equal((ushort)50, limits.BlockIo!.Weight);
        Assert.False(limits.Devices[0].Allow);
        Assert.Null(Build().Linux!.Resources!.Cpu);
    }

    [Theory]
    [InlineData(CpuEngine.Translator, false)]
    [InlineData(CpuEngine.Interpreter, false)]
    [InlineData(CpuEngine.Kvm, true)]
    public void Build_TheKvmDevice_IsThereForMachinesThatRunOnIt(CpuEngine engine, bool expected)
    {
        RuntimeSpec spec = MachineSpec.Build(Make(), Definitions.Inputs, Host, Parts, "/data/vm", engine);
        Assert.Empty(SpecValidator.Validate(spec));
        Assert.Equal(expected, spec.Linux!.Devices.Any(static d => d.Path == "/dev/kvm"));
        Assert.Equal(expected, spec.Linux.Resources!.Devices.Any(static d => d is { Allow: true, Major: 10, Minor: 232, Access: "rw" }));
    }

    [Fact]
    public void Exec_TheProcess_IsNotAmongTheArguments()
    {
        ProcessSpec exec = MachineSpec.Exec(Make(), "{\"env\":[\"SECRET=1\"]}", tty: true);
        Assert.Equal(["/berth/berth-vmm", "exec", "/machine/control"], exec.Args);
        Assert.Contains("BERTH_PROCESS={\"env\":[\"SECRET=1\"]}", exec.Env);
        Assert.True(exec.Terminal);
        Assert.True(exec.NoNewPrivileges);
    }
}
