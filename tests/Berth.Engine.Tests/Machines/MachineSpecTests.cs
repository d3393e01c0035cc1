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
