using System.Diagnostics;
using Berth.Boot.Store;
using Berth.Disks;
using Berth.Guest.Initrd;
using Berth.Testing;

namespace Berth.Vmm.Tests;

/// <summary>What every machine of these tests is made of, prepared once: Debian's kernel, the initrd with the agent, a disk with busybox.</summary>
internal sealed class MachineParts
{
    private static readonly string s_folder = Directory.CreateTempSubdirectory("berth-vmm-parts-").FullName;
    private static readonly Lazy<Task<MachineParts>> s_shared = new(PrepareAsync);

    static MachineParts() => AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(s_folder, recursive: true);

    private MachineParts(string kernel, string release, string initrd, string disk) => (Kernel, Release, Initrd, Disk) = (kernel, release, initrd, disk);

    public string Kernel { get; }

    public string Release { get; }

    public string Initrd { get; }

    public string Disk { get; }

    public static Task<MachineParts> GetAsync() => s_shared.Value;

    private static async Task<MachineParts> PrepareAsync()
    {
        // Kept between runs: the package is large.
        string store = Environment.GetEnvironmentVariable("BERTH_TEST_KERNELS") ?? Path.Combine(Path.GetTempPath(), "berth-kernels");
        StoredKernel kernel = await KernelStore.Open(store, TimeProvider.System).GetDefaultAsync(null, CancellationToken.None);
        string agent = Path.Combine(s_folder, "agent");
        CommandResult built = await Command.RunAsync(Path.Combine(Repository.Root, "guest", "build"), [agent]);
        if (built.ExitCode != 0) throw new UnreachableException($"guest/build failed: {built.Error}");
        string initrd = new InitrdBuilder(Path.Combine(s_folder, "initrd")).Build(agent, KernelModules.Open(kernel.ModulesDirectory!), InitrdBuilder.DefaultModules);
        string root = Path.Combine(s_folder, "root");
        foreach (string folder in (string[])["bin", "etc", "tmp", "proc", "sys", "dev", "root"]) Directory.CreateDirectory(Path.Combine(root, folder));
        File.Copy("/bin/busybox", Path.Combine(root, "bin/busybox"));
        CommandResult applets = await Command.RunAsync("/bin/busybox", ["--list"]);
        foreach (string applet in applets.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(static a => a != "busybox"))
            File.CreateSymbolicLink(Path.Combine(root, "bin", applet), "busybox");
        File.WriteAllText(Path.Combine(root, "etc/passwd"), "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n");
        File.WriteAllText(Path.Combine(root, "etc/group"), "root:x:0:\nnobody:x:65534:\n");
        string disk = await new ImageDisks(Path.Combine(s_folder, "disks")).GetAsync("sha256:" + new string('a', 64), [root], null, CancellationToken.None);
        return new MachineParts(Path.Combine(store, KernelStore.DefaultName, "kernel"), kernel.Entry.Version, initrd, disk);
    }
}
