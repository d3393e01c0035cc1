using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>Volumes and binds of virtual machines: one machine with several of them, and containers beside it.</summary>
[Trait("Category", "slow")]
public sealed class VmVolumeTests(VmVolumeFixture fixture) : IClassFixture<VmVolumeFixture>
{
    private PrivateDaemon Daemon { get; } = fixture.Daemon;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Task<CommandResult> Docker(params string[] arguments) => Daemon.DockerAsync(arguments, cancellationToken: Cancellation);

    private Task<CommandResult> Guest(string script) => Docker("exec", VmVolumeFixture.Machine, "sh", "-c", script);

    private string Host(params string[] path) => Path.Combine([fixture.Directory, .. path]);

    [Fact]
    public async Task Inspect_ShowsTheMountsAsAContainers()
    {
        const string Show = "{{range .Mounts}}{{.Type}} {{.Destination}} {{.RW}}\n{{end}}";
        string[] lines = (await Docker("inspect", "-f", Show, VmVolumeFixture.Machine)).Expect().Lines;
        Assert.Equal(
            ["bind /host true", "bind /one true", "bind /ro false", "tmpfs /scratch true", "volume /data true", "volume /host/nested true", "volume /seed true", "volume /sub true"],
            lines.Where(static line => line.Length > 0).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Bind_BothWays_KeepsContentOwnersModesAndTimes()
    {
        await File.WriteAllTextAsync(Host("from-host"), "host\n", Cancellation);
        Assert.Equal("host", (await Guest("cat /host/from-host")).Expect().Text);
        (await Guest("umask 027; mkdir -p /host/g/d; echo guest >/host/g/d/f; chown 12:34 /host/g/d/f; chmod 4711 /host/g/d/f; TZ=UTC touch -d '2001-02-03 04:05:06' /host/g/d/f; ln /host/g/d/f /host/g/hard; ln -s /etc/hostname /host/g/link; mkfifo /host/g/p")).Expect();
        Assert.Equal("guest\n", await File.ReadAllTextAsync(Host("g", "d", "f"), Cancellation));
        string[] seen = (await Command.RunAsync("stat", ["-c", "%u:%g %a %h %Y", Host("g", "d", "f")], cancellationToken: Cancellation)).Expect().Lines;
        Assert.Equal(["12:34 4711 2 981173106"], seen);
        Assert.Equal((UnixFileMode)0b111_101_000, File.GetUnixFileMode(Host("g", "d")));
        Assert.Equal(seen, (await Guest("stat -c '%u:%g %a %h %Y' /host/g/hard")).Expect().Lines);
        // The link means the guest's file, not the host's.
        Assert.Equal((await Guest("cat /etc/hostname")).Expect().Text, (await Guest("cat /host/g/link")).Expect().Text);
        Assert.NotEqual(Environment.MachineName, (await Guest("cat /host/g/link")).Expect().Text);
        (await Guest("echo x >/host/g/p & cat /host/g/p")).Expect();
        (await Guest("mv /host/g/d /host/g/e && rm /host/g/hard && mv /host/g/e/f /host/g/f && rmdir /host/g/e")).Expect();
        Assert.Equal("guest\n", await File.ReadAllTextAsync(Host("g", "f"), Cancellation));
        File.Move(Host("g", "f"), Host("g", "renamed"));
        Assert.Equal("guest", (await Guest("sleep 1.2; cat /host/g/renamed; test ! -e /host/g/f")).Expect().Text);
    }

    [Fact]
    public async Task Files_OfUsers_AreTheirsAndPermissionsHold()
    {
        (await Guest("mkdir -m 1777 /host/tmp; su -s /bin/sh nobody -c 'echo mine >/host/tmp/n; mkdir /host/tmp/d; ln -s n /host/tmp/l' && id -u nobody >/host/tmp/uid")).Expect();
        string uid = (await File.ReadAllTextAsync(Host("tmp", "uid"), Cancellation)).Trim();
        Assert.NotEqual("0", uid);
        Assert.Equal([uid, uid, uid], (await Command.RunAsync("stat", ["-c", "%u", Host("tmp", "n"), Host("tmp", "d"), Host("tmp", "l")], cancellationToken: Cancellation)).Expect().Lines);
        Assert.NotEqual(0, (await Guest("echo root >/host/private; chmod 600 /host/private; su -s /bin/sh nobody -c 'cat /host/private'")).ExitCode);
        Assert.NotEqual(0, (await Guest("su -s /bin/sh nobody -c 'rm -f /host/private; test ! -e /host/private'")).ExitCode);
    }

    [Fact]
    public async Task LargeFileAndManyFiles_ArriveWhole()
    {
        (await Command.RunAsync("sh", ["-c", $"head -c 40000000 /dev/urandom >{Host("large")}"], cancellationToken: Cancellation)).Expect();
        string sum = (await Command.RunAsync("sha256sum", [Host("large")], cancellationToken: Cancellation)).Expect().Text.Split(' ')[0];
        Assert.StartsWith(sum, (await Guest("sha256sum /host/large")).Expect().Text, StringComparison.Ordinal);
        (await Guest("cp /host/large /host/copy && sync")).Expect();
        Assert.StartsWith(sum, (await Command.RunAsync("sha256sum", [Host("copy")], cancellationToken: Cancellation)).Expect().Text, StringComparison.Ordinal);
        Assert.Equal("2000", (await Guest("mkdir /host/many; i=0; while [ $i -lt 2000 ]; do : >/host/many/f$i; i=$((i+1)); done; ls /host/many | wc -l")).Expect().Text);
        Assert.Equal(2000, Directory.EnumerateFiles(Host("many")).Count());
        (await Guest("rm -r /host/many")).Expect();
        Assert.False(Directory.Exists(Host("many")));
    }

    [Fact]
    public async Task ReadOnly_CannotBeWrittenNotEvenByTheGuestsKernel()
    {
        Assert.Equal("kept", (await Guest("cat /ro/f")).Expect().Text);
        Assert.Contains("Read-only file system", (await Guest("echo x >/ro/f")).Error, StringComparison.Ordinal);
        // Mounted anew, as root of its own kernel may: what was read-only still is.
        (await Guest("mkdir -p /again && mount -t virtiofs berth /again")).Expect();
        string[] folders = (await Guest("ls /again")).Expect().Lines;
        Assert.Equal(["0", "1", "2", "3", "4", "5", "6"], folders);
        CommandResult tried = await Guest("for d in /again/*; do if [ \"$(cat $d/f 2>/dev/null)\" = kept ]; then echo found; echo x >$d/f || mv $d/f $d/g || rm $d/f || chmod 777 $d/f; fi; done; umount /again");
        Assert.Equal("found", tried.Text);
        Assert.Equal("kept\n", await File.ReadAllTextAsync(Path.Combine(fixture.ReadOnlyDirectory, "f"), Cancellation));
        Assert.Equal(["f"], Directory.EnumerateFileSystemEntries(fixture.ReadOnlyDirectory).Select(static path => Path.GetFileName(path)));
    }

    [Fact]
    public async Task SingleFile_HasNoSiblings()
    {
        Assert.Equal("one", (await Guest("cat /one")).Expect().Text);
        (await Guest("echo changed >/one")).Expect();
        Assert.Equal("changed\n", await File.ReadAllTextAsync(fixture.SingleFile, Cancellation));
        Assert.NotEqual(0, (await Guest("rm /one")).ExitCode);
        await File.WriteAllTextAsync(fixture.SingleFile, "one\n", Cancellation);
    }

    [Fact]
    public async Task Volume_SharedWithAContainer_ShowsTheSameFiles()
    {
        (await Guest("echo of the machine >/data/machine")).Expect();
        Assert.Equal("of the machine", (await Docker("run", "--rm", "-v", "vmdata:/data", "busybox", "sh", "-c", "cat /data/machine; echo of the container >/data/container")).Expect().Text);
        Assert.Equal("of the container", (await Guest("cat /data/container")).Expect().Text);
        Assert.Contains("vmdata", (await Docker("volume", "ls", "-q")).Expect().Lines);
        Assert.Contains($"[{VmVolumeFixture.Machine}", (await Docker("volume", "rm", "vmdata")).Error, StringComparison.Ordinal);
        // Appended from both sides, nothing is lost.
        Task<CommandResult> container = Docker("run", "--rm", "-v", "vmdata:/data", "busybox", "sh", "-c", "for i in $(seq 1 200); do echo c$i >>/data/log; done");
        (await Guest("for i in $(seq 1 200); do echo m$i >>/data/log; done")).Expect();
        (await container).Expect();
        Assert.Equal(400, (await File.ReadAllLinesAsync(Path.Combine(Daemon.DataRoot, "volumes", "vmdata", "_data", "log"), Cancellation)).Distinct().Count());
    }

    [Fact]
    public async Task Volume_FirstUsedByAMachine_HasTheImagesFiles()
    {
        Assert.Equal(["7:8 1750", "seeded 0:9", "f"], (await Guest("stat -c '%u:%g %a' /seed; echo $(cat /seed/f) $(stat -c %u:%g /seed/f); readlink /seed/l")).Expect().Lines);
        Assert.Equal("in the middle", (await Guest("cat /sub/f; ls -A /sub | grep -v '^f$'; :")).Expect().Text);
        Assert.Equal("anonymous", (await Docker("run", "--rm", "--volumes-from", VmVolumeFixture.Machine + ":ro", "busybox", "sh", "-c", "test -e /seed/f && touch /seed/x 2>/dev/null || echo anonymous")).Expect().Text);
    }

    [Fact]
    public async Task NestedMounts_LieInOrder()
    {
        (await Guest("echo nested >/host/nested/f; test -d /host/nested && df /scratch | grep -q tmpfs")).Expect();
        Assert.Empty(Directory.EnumerateFileSystemEntries(Host("nested")));
        Assert.Equal("nested", (await Docker("run", "--rm", "-v", "vmnested:/d", "busybox", "cat", "/d/f")).Expect().Text);
    }

    [Fact]
    public async Task Descriptors_AndMappings_BehaveAsOnADisk()
    {
        // Open and gone, a hole, a mapping that is written: what programs do that databases are.
        (await Guest("exec 3<>/host/gone; echo there >&3; rm /host/gone; cat /proc/self/fd/3 | grep -q there; dd if=/dev/zero of=/host/hole bs=1 count=1 seek=5000000 2>/dev/null; stat -c %s /host/hole | grep -q 5000001")).Expect();
        Assert.Equal(5_000_001, new FileInfo(Host("hole")).Length);
        (await Guest("cp /bin/busybox /host/busybox && /host/busybox echo runs | grep -q runs")).Expect();
    }

    [Fact]
    public async Task Program_ThatAsksForEverything_HearsTheSameInBoth()
    {
        string program = Host("files");
        (await Command.RunAsync("gcc", ["-O1", "-static", "-w", "-o", program, Path.Combine(Repository.Root, "tests/Berth.EndToEnd.Tests/files.c")], cancellationToken: Cancellation)).Expect();
        Directory.CreateDirectory(Host("work-c"));
        Directory.CreateDirectory(Host("work-m"));
        string[] container = (await Docker("run", "--rm", "-v", fixture.Directory + ":/host", "busybox", "/host/files", "/host/work-c")).Expect().Lines;
        string[] machine = (await Guest("/host/files /host/work-m")).Expect().Lines;
        Assert.True(container.Length > 80, string.Join('\n', container));
        Assert.Equal(container, machine);
        // Its own root is made of two disks, each with numbers of its own.
        Assert.Contains("names with another number in their directory: 0", (await Guest("mkdir /work; /host/files /work; rm -r /work")).Expect().Lines);
    }

    [Fact]
    public async Task BerthCli_Mounts_AreGivenToAMachineOfItsOwn()
    {
        CommandResult run = await Daemon.BerthAsync(
            ["run", "--rm", "--vm", "-m", "128m", "-v", fixture.Directory + ":/x:ro", "--mount", "type=volume,dst=/anonymous", "--mount", "type=volume,src=vmdata,dst=/s,volume-subpath=inner",
                "--mount", "type=image,src=seeded,dst=/i,image-subpath=seed", "busybox", "sh", "-c", "cat /s/f /i/l; touch /i/x 2>/dev/null || echo no; touch /x/n 2>/dev/null || echo refused; echo x >/anonymous/f; mount | grep -c virtiofs; ls -A /dev | grep berth; :"], cancellationToken: Cancellation);
        Assert.Equal((0, "inner\nseeded\nno\nrefused\n4\n"), (run.ExitCode, run.Output));
        Assert.All((await Docker("volume", "ls", "-q", "-f", "dangling=true")).Expect().Lines, static name => Assert.DoesNotMatch("^[0-9a-f]{64}$", name));
    }

    [Fact]
    public async Task Restart_OfAMachine_HasItsVolumesAgain()
    {
        (await Docker("run", "-d", "--runtime", "vm", "--name", "again", "-m", "128m", "-v", "/kept", "busybox", "sh", "-c", "echo x >>/kept/f; echo boot $(wc -l </kept/f); sleep 100000")).Expect();
        await VmFixture.WaitForLogAsync(Daemon, "again", "boot 1");
        (await Docker("restart", "-t", "0", "again")).Expect();
        await VmFixture.WaitForLogAsync(Daemon, "again", "boot 2");
        string volume = (await Docker("inspect", "-f", "{{(index .Mounts 0).Name}}", "again")).Expect().Text;
        (await Docker("rm", "-f", "-v", "again")).Expect();
        Assert.DoesNotContain(volume, (await Docker("volume", "ls", "-q")).Expect().Lines);
    }

    [Fact]
    public async Task Sandbox_OfAMachineThatShares_HasRightsOverFilesAndSeesNoOthers()
    {
        string pid = (await Docker("inspect", "-f", "{{.State.Pid}}", VmVolumeFixture.Machine)).Expect().Text;
        string status = await File.ReadAllTextAsync($"/proc/{pid}/status", Cancellation);
        // chown, dac_override, fowner, fsetid, setgid, setuid, mknod, setfcap
        foreach (string line in new[] { "CapPrm:\t00000000880000db", "CapEff:\t00000000880000db", "CapBnd:\t00000000880000db", "NoNewPrivs:\t1", "Seccomp:\t2" })
            Assert.Contains(line + "\n", status, StringComparison.Ordinal);
        Assert.Equal(["0", "1", "2", "3", "4", "5", "6"], Directory.EnumerateFileSystemEntries($"/proc/{pid}/root/folders").Select(static path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        string mounts = await File.ReadAllTextAsync($"/proc/{pid}/mountinfo", Cancellation);
        Assert.All(mounts.Split('\n').Where(static line => line.Contains(" /folders/", StringComparison.Ordinal)), static line => Assert.Contains("nosuid,nodev,noexec", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task WhatAMachineCannotShare_IsRefusedWithTheReason()
    {
        CommandResult socket = await Docker("run", "--rm", "--runtime", "vm", "-v", Daemon.Socket + ":/var/run/docker.sock", "busybox", "true");
        Assert.Contains("a virtual machine shares directories and regular files only", socket.Error, StringComparison.Ordinal);
        CommandResult shared = await Docker("run", "--rm", "--runtime", "vm", "-v", fixture.Directory + ":/x:rshared", "busybox", "true");
        Assert.Contains("propagation rshared", shared.Error, StringComparison.Ordinal);
    }
}
