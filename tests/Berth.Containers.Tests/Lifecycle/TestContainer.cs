using System.Text;
using Berth.Containers.Lifecycle;
using Berth.Containers.Spec;
using Berth.Linux;
using Berth.Testing;
using static Berth.Linux.Libc;

namespace Berth.Containers.Tests.Lifecycle;

/// <summary>A busybox root file system in a temporary directory and containers on it.</summary>
public sealed class TestContainer : IDisposable
{
    public TestContainer()
    {
        Requires.That(Environment.IsPrivilegedProcess && File.Exists("/bin/busybox"), "root and /bin/busybox (apt-get install busybox-static)");
        Directory = System.IO.Directory.CreateTempSubdirectory("berth-runtime-").FullName;
        Lower = Path.Combine(Directory, "lower");
        foreach (string name in (string[])["bin", "etc", "proc", "sys", "dev", "tmp", "root", "home/app"])
            System.IO.Directory.CreateDirectory(Path.Combine(Lower, name));
        System.IO.Directory.CreateDirectory(Path.Combine(Directory, "upper"));
        System.IO.Directory.CreateDirectory(Path.Combine(Directory, "work"));
        File.Copy("/bin/busybox", Path.Combine(Lower, "bin/busybox"));
        foreach (string applet in (string[])["sh", "true", "false", "cat", "ls", "id", "echo", "mount", "sleep", "stat", "touch", "mkdir", "tty", "stty", "ps", "readlink", "hostname", "ip", "grep", "kill", "head", "env", "pwd", "ulimit", "ln", "rm", "dd", "wc", "cut"])
            File.CreateSymbolicLink(Path.Combine(Lower, "bin", applet), "busybox");
        File.WriteAllText(Path.Combine(Lower, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:app:/home/app:/bin/sh\n");
        File.WriteAllText(Path.Combine(Lower, "etc/group"), "root:x:0:\napp:x:1001:\nextra:x:2000:app\n");
    }

    public string Directory { get; }

    public string Lower { get; }

    public OverlayRootfs Rootfs => new([Lower], Path.Combine(Directory, "upper"), Path.Combine(Directory, "work"));

    /// <summary>The specification docker would make for these arguments.</summary>
    public static RuntimeSpec Spec(params string[] args) => new()
    {
        OciVersion = "1.2.0",
        Hostname = "testbox",
        Process = new ProcessSpec
        {
            Args = args,
            Cwd = "/",
            Env = ["PATH=/bin"],
            Capabilities = Capabilities(Berth.Containers.Security.CapabilitySet.Default),
        },
        Root = new RootSpec { Path = "rootfs" },
        Mounts =
        [
            new() { Destination = "/proc", Type = "proc", Source = "proc", Options = ["nosuid", "noexec", "nodev"] },
            new() { Destination = "/dev", Type = "tmpfs", Source = "tmpfs", Options = ["nosuid", "strictatime", "mode=755", "size=65536k"] },
            new() { Destination = "/dev/pts", Type = "devpts", Source = "devpts", Options = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"] },
            new() { Destination = "/sys", Type = "sysfs", Source = "sysfs", Options = ["nosuid", "noexec", "nodev", "ro"] },
            new() { Destination = "/dev/mqueue", Type = "mqueue", Source = "mqueue", Options = ["nosuid", "noexec", "nodev"] },
            new() { Destination = "/dev/shm", Type = "tmpfs", Source = "shm", Options = ["nosuid", "noexec", "nodev", "mode=1777", "size=67108864"] },
        ],
        Linux = new LinuxSpec
        {
            Namespaces = [.. ((string[])["pid", "network", "mount", "ipc", "uts", "cgroup"]).Select(static t => new NamespaceSpec { Type = t })],
            MaskedPaths = ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/acpi", "/proc/scsi", "/sys/firmware"],
            ReadonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
        },
    };

    /// <summary>The same in a user namespace whose root is the host's user 100000.</summary>
    public static RuntimeSpec Mapped(RuntimeSpec spec) => spec with
    {
        Linux = spec.Linux! with
        {
            Namespaces = [.. spec.Linux.Namespaces, new NamespaceSpec { Type = NamespaceType.User }],
            UidMappings = [new() { ContainerId = 0, HostId = 100000, Size = 65536 }],
            GidMappings = [new() { ContainerId = 0, HostId = 100000, Size = 65536 }],
        },
    };

    public static CapabilitiesSpec Capabilities(Berth.Containers.Security.CapabilitySet set) =>
        new() { Bounding = set.Names(), Effective = set.Names(), Permitted = set.Names() };

    public ContainerConfig Config(RuntimeSpec spec) => new() { Id = "test", Spec = spec, Rootfs = Rootfs };

    /// <summary>Runs to the end and answers the output and the exit code.</summary>
    public (string Output, int ExitCode) Run(params string[] args) => Run(Config(Spec(args)));

    public static (string Output, int ExitCode) Run(ContainerConfig config)
    {
        (FileDescriptor read, FileDescriptor write) = Pipe();
        using (read)
        {
            StartedProcess process;
            using (write) process = ContainerRuntime.Start(config, new ProcessStdio(null, write, write));
            using (process) return (ReadToEnd(read), Libc.Wait(process.PidFd)!.Value.ExitCode);
        }
    }

    public static (string Output, int ExitCode) Exec(ExecConfig config)
    {
        (FileDescriptor read, FileDescriptor write) = Pipe();
        using (read)
        {
            StartedProcess process;
            using (write) process = ContainerRuntime.Exec(config, new ProcessStdio(null, write, write));
            using (process) return (ReadToEnd(read), Libc.Wait(process.PidFd)!.Value.ExitCode);
        }
    }

    public static string ReadToEnd(FileDescriptor fd)
    {
        using MemoryStream all = new();
        byte[] buffer = new byte[4096];
        int count;
        // A terminal's master answers EIO when the last process has gone.
        while ((count = TryRead(fd, buffer)) > 0) all.Write(buffer, 0, count);
        return Encoding.UTF8.GetString(all.ToArray());
    }

    public void Dispose()
    {
        if (Directory is not null) System.IO.Directory.Delete(Directory, recursive: true);
    }
}
