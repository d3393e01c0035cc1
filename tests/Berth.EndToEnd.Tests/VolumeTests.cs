using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>Volumes and mounts of containers, by the stock docker CLI.</summary>
public sealed class VolumeTests(DaemonFixture fixture) : DockerTest(fixture)
{
    private string Data(string volume) => Path.Combine(Daemon.DataRoot, "volumes", volume, "_data");

    private static async Task<string> Mounts() => await File.ReadAllTextAsync("/proc/self/mountinfo", Cancellation);

    private async Task<string> ImageAsync(string script)
    {
        string name = NewName(), image = NewName() + ":v";
        (await Docker("run", "--name", name, "busybox", "sh", "-c", script)).Expect();
        (await Docker("commit", name, image)).Expect();
        (await Docker("rm", name)).Expect();
        return image;
    }

    [Fact]
    public async Task FirstUse_TakesTheImagesFilesWithOwnersModesAndLinks()
    {
        string image = await ImageAsync("mkdir -p /seed/sub && echo x >/seed/f && ln /seed/f /seed/hard && ln -s f /seed/soft && chown 12:34 /seed/f && chmod 2751 /seed/sub && mkfifo /seed/p && chown 5:6 /seed && chmod 1770 /seed");
        string volume = NewName();
        const string Show = "stat -c '%n %u:%g %a %h' /seed /seed/f /seed/sub; readlink /seed/soft; test /seed/f -ef /seed/hard && test -p /seed/p && echo same";
        string[] original = (await Docker("run", "--rm", image, "sh", "-c", Show)).Expect().Lines;
        Assert.Equal(["/seed 5:6 1770 3", "/seed/f 12:34 644 2", "/seed/sub 0:0 2751 2", "f", "same"], original);
        Assert.Equal(original, (await Docker("run", "--rm", "-v", volume + ":/seed", image, "sh", "-c", Show)).Expect().Lines);
        Assert.Equal(["_data"], Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(Data(volume))!).Select(static path => Path.GetFileName(path)));

        // A volume with content is left alone, and nocopy leaves an empty one empty.
        (await RunShell($"-v {volume}:/seed", "rm -r /seed/sub /seed/f")).Expect();
        Assert.Equal("hard p soft", (await Docker("run", "--rm", "-v", volume + ":/seed", image, "sh", "-c", "echo $(ls /seed)")).Expect().Text);
        string empty = NewName();
        Assert.Equal("", (await Docker("run", "--rm", "-v", empty + ":/seed:nocopy", image, "ls", "/seed")).Expect().Text);
        Assert.Equal("", (await Docker("run", "--rm", "--mount", $"type=volume,src={NewName()},dst=/seed,volume-nocopy", image, "ls", "/seed")).Expect().Text);
    }

    [Fact]
    public async Task FirstUse_ByManyAtOnce_IsWholeForAll()
    {
        string image = await ImageAsync("mkdir /seed; cd /seed; for i in $(seq 1 300); do echo $i >f$i; done");
        string volume = NewName();
        CommandResult[] runs = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Docker("run", "--rm", "-v", volume + ":/seed", image, "sh", "-c", "ls /seed | wc -l")));
        Assert.All(runs, static run => Assert.Equal("300", run.Expect().Text));
    }

    [Fact]
    public async Task DaemonKilled_WhileAVolumeIsFilled_NextUseFillsItWhole()
    {
        await using PrivateDaemon daemon = await PrivateDaemon.StartAsync(Cancellation);
        (await daemon.DockerAsync(["run", "--name", "c", "busybox", "sh", "-c", "mkdir /seed; cd /seed; for i in $(seq 1 4000); do echo $i >f$i; done"], cancellationToken: Cancellation)).Expect();
        (await daemon.DockerAsync(["commit", "c", "seeded"], cancellationToken: Cancellation)).Expect();
        bool interrupted = false;
        for (int i = 0; i < 10 && !interrupted; i++)
        {
            string volume = $"v{i}", directory = Path.Combine(daemon.DataRoot, "volumes", volume);
            Task<CommandResult> start = daemon.DockerAsync(["run", "--rm", "-v", volume + ":/seed", "seeded", "true"], cancellationToken: Cancellation);
            while (!start.IsCompleted && !Directory.Exists(Path.Combine(directory, ".berth-copying")))
                await Task.Yield();
            await daemon.KillAsync();
            interrupted = Directory.Exists(directory) && Directory.EnumerateFileSystemEntries(directory).Count() > 1;
            await start;
            await daemon.RestartAsync(Cancellation);
            Assert.Equal("4000", (await daemon.DockerAsync(["run", "--rm", "-v", volume + ":/seed", "seeded", "sh", "-c", "ls /seed | wc -l"], cancellationToken: Cancellation)).Expect().Text);
            Assert.Equal(["_data"], Directory.EnumerateFileSystemEntries(directory).Select(static path => Path.GetFileName(path)));
        }
        Assert.True(interrupted, "the daemon was never killed in time");
    }

    [Fact]
    public async Task DaemonKilled_MountedVolumes_StayForTheirUsersAndGoWithoutThem()
    {
        await using PrivateDaemon daemon = await PrivateDaemon.StartAsync(Cancellation);
        foreach (string volume in new[] { "used", "left" })
        {
            (await daemon.DockerAsync(["volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", volume], cancellationToken: Cancellation)).Expect();
            (await daemon.DockerAsync(["run", "-d", "--name", volume + "-by", "-v", volume + ":/d", "busybox", "sh", "-c", "echo kept >/d/f; sleep 1000"], cancellationToken: Cancellation)).Expect();
        }
        string pid = (await daemon.DockerAsync(["inspect", "-f", "{{.State.Pid}}", "left-by"], cancellationToken: Cancellation)).Expect().Text;
        await daemon.KillAsync();
        (await Command.RunAsync("kill", ["-9", pid], cancellationToken: Cancellation)).Expect();
        await daemon.RestartAsync(Cancellation);
        Assert.Equal("kept", (await daemon.DockerAsync(["run", "--rm", "-v", "used:/d", "busybox", "cat", "/d/f"], cancellationToken: Cancellation)).Expect().Text);
        (await daemon.DockerAsync(["wait", "left-by"], cancellationToken: Cancellation)).Expect();
        string mounts = await Mounts();
        Assert.Contains(Path.Combine(daemon.DataRoot, "volumes", "used"), mounts, StringComparison.Ordinal);
        Assert.DoesNotContain(Path.Combine(daemon.DataRoot, "volumes", "left"), mounts, StringComparison.Ordinal);
        (await daemon.DockerAsync(["rm", "-f", "used-by"], cancellationToken: Cancellation)).Expect();
        Assert.DoesNotContain(daemon.DataRoot, await Mounts(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task InUse_IsNotRemovedAndNamesTheInstance()
    {
        string volume = NewName(), user = NewName();
        (await Docker("create", "--name", user, "-v", volume + ":/d", "busybox")).Expect();
        CommandResult refused = await Docker("volume", "rm", volume);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains($"volume is in use - [{user}]", refused.Error, StringComparison.Ordinal);
        (await Docker("rm", user)).Expect();
        (await Docker("volume", "rm", volume)).Expect();
        Assert.False(Directory.Exists(Path.GetDirectoryName(Data(volume))));
    }

    [Fact]
    public async Task Anonymous_GoWithTheContainerAndWithPrune_NamedStay()
    {
        string named = NewName(), first = NewName(), second = NewName();
        (await Docker("run", "--rm", "-v", "/a", "-v", named + ":/n", "busybox", "true")).Expect();
        Assert.Equal([named], Ours((await Docker("volume", "ls", "-q")).Expect().Lines));
        (await Docker("create", "--name", first, "-v", "/a", "busybox")).Expect();
        (await Docker("create", "--name", second, "--volumes-from", first, "busybox")).Expect();
        string anonymous = await Inspect(first, "{{(index .Mounts 0).Name}}");
        (await Docker("rm", "-v", first)).Expect();
        Assert.Contains(anonymous, (await Docker("volume", "ls", "-q")).Expect().Lines);
        (await Docker("rm", "-v", second)).Expect();
        Assert.DoesNotContain(anonymous, (await Docker("volume", "ls", "-q")).Expect().Lines);

        (await Docker("create", "--name", first, "-v", "/a", "busybox")).Expect();
        string left = await Inspect(first, "{{(index .Mounts 0).Name}}");
        (await Docker("rm", first)).Expect();
        Assert.Contains(left, (await Docker("volume", "ls", "-q", "-f", "dangling=true")).Expect().Lines);
        Assert.Contains(left, (await Docker("volume", "prune", "-f")).Expect().Lines);
        Assert.Contains(named, (await Docker("volume", "ls", "-q")).Expect().Lines);
        (await Docker("volume", "prune", "-af", "--filter", "label=none")).Expect();
        Assert.Contains(named, (await Docker("volume", "ls", "-q")).Expect().Lines);
        (await Docker("volume", "rm", named)).Expect();

        // Other tests of this class may leave volumes of their own.
        string[] Ours(string[] names) => [.. names.Where(name => name == named)];
    }

    [Fact]
    public async Task Labels_AreShownAndFiltered()
    {
        string volume = NewName(), byMount = NewName();
        (await Docker("volume", "create", "--label", "tier=" + volume, "--label", "x", volume)).Expect();
        (await Docker("run", "--rm", "--mount", $"type=volume,src={byMount},dst=/d,volume-label=tier={volume},volume-driver=local", "busybox", "true")).Expect();
        Assert.Equal(volume, (await Docker("volume", "inspect", "-f", "{{.Labels.tier}}", byMount)).Expect().Text);
        Assert.Equal(new[] { volume, byMount }.Order(StringComparer.Ordinal), (await Docker("volume", "ls", "-q", "-f", "label=tier=" + volume)).Expect().Lines.Order(StringComparer.Ordinal));
        Assert.Contains(volume, (await Docker("volume", "prune", "-af", "--filter", "label=tier=" + volume, "--filter", "label!=y")).Expect().Lines);
    }

    [Fact]
    public async Task TmpfsVolume_IsOneForAllThatRunAndGoneAfterThem()
    {
        string volume = NewName(), first = NewName();
        (await Docker("volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "-o", "o=size=1m,uid=7,nosuid", volume)).Expect();
        (await Docker("run", "-d", "--name", first, "-v", volume + ":/d", "busybox", "sh", "-c", "echo shared >/d/f; sleep 1000")).Expect();
        await WaitForAsync(first, "{{.State.Running}}", "true");
        Assert.Equal(["7", "shared"], (await RunShell($"-v {volume}:/d", "while [ ! -s /d/f ]; do sleep 0.1; done; stat -c %u /d; cat /d/f")).Expect().Lines);
        Assert.NotEqual(0, (await RunShell($"-v {volume}:/d", "head -c 2000000 /dev/zero >/d/big")).ExitCode);
        Assert.Contains(Data(volume), await Mounts(), StringComparison.Ordinal);
        (await Docker("kill", first)).Expect();
        await WaitForAsync(first, "{{.State.Status}}", "exited");
        Assert.DoesNotContain(Data(volume), await Mounts(), StringComparison.Ordinal);
        Assert.Equal("", (await RunShell($"-v {volume}:/d", "ls /d")).Expect().Text);
        (await Docker("rm", first)).Expect();
        (await Docker("volume", "rm", volume)).Expect();
    }

    [Fact]
    public async Task BindVolume_ShowsTheDirectoryAndLeavesItWhenRemoved()
    {
        string directory = Directory.CreateDirectory(Path.Combine(Daemon.Scratch, NewName())).FullName, volume = NewName();
        await File.WriteAllTextAsync(Path.Combine(directory, "f"), "host", Cancellation);
        string options = $"type=volume,src={volume},dst=/d,volume-driver=local,volume-opt=type=none,volume-opt=device={directory},\"volume-opt=o=bind,ro\"";
        CommandResult run = await Docker("run", "--rm", "--mount", options, "busybox", "sh", "-c", "cat /d/f; touch /d/new");
        Assert.Equal("host", run.Text);
        Assert.Contains("Read-only file system", run.Error, StringComparison.Ordinal);
        (await Docker("volume", "rm", volume)).Expect();
        Assert.Equal("host", await File.ReadAllTextAsync(Path.Combine(directory, "f"), Cancellation));
        Assert.DoesNotContain(volume, await Mounts(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task BindVolume_RemovedByForceWhileItsUserRuns_LeavesTheDirectory()
    {
        string directory = Directory.CreateDirectory(Path.Combine(Daemon.Scratch, NewName())).FullName, volume = NewName(), user = NewName();
        await File.WriteAllTextAsync(Path.Combine(directory, "f"), "host", Cancellation);
        (await Docker("volume", "create", "-o", "type=none", "-o", "o=bind", "-o", "device=" + directory, volume)).Expect();
        (await Docker("run", "-d", "--name", user, "-v", volume + ":/d", "busybox", "sleep", "1000")).Expect();
        Assert.NotEqual(0, (await Docker("volume", "rm", "-f", volume)).ExitCode);
        (await Docker("rm", "-f", "-v", user)).Expect();
        (await Docker("volume", "rm", volume)).Expect();
        Assert.True(File.Exists(Path.Combine(directory, "f")));
    }

    [Fact]
    public async Task OptionVolumes_WrongOptions_AreRefused()
    {
        foreach ((string[] options, string message) in ((string[], string)[])[
            (["-o", "type=tmpfs"], "missing required option"), (["-o", "wrong=1"], "invalid option"),
            (["-o", "type=none", "-o", "o=bind", "-o", "device=relative"], "absolute path")])
        {
            CommandResult refused = await Docker(["volume", "create", .. options, NewName()]);
            Assert.Contains(message, refused.Error, StringComparison.Ordinal);
            Assert.NotEqual(0, refused.ExitCode);
        }
        string volume = NewName();
        (await Docker("volume", "create", "-o", "type=nosuchfs", "-o", "device=none", volume)).Expect();
        Assert.Contains("failed to mount local volume", (await RunShell($"-v {volume}:/d", "true")).Error, StringComparison.Ordinal);
        (await Docker("volume", "rm", volume)).Expect();
    }

    [Fact]
    public async Task Subpath_ShowsThatDirectoryAndNothingOutside()
    {
        string volume = NewName();
        (await RunShell($"-v {volume}:/d", "mkdir -p /d/a/b; echo in >/d/a/b/f; echo out >/d/top; ln -s /etc /d/escape; ln -s ../.. /d/a/up; ln -s a/b /d/in")).Expect();
        Assert.Equal("in", (await Docker("run", "--rm", "--mount", $"type=volume,src={volume},dst=/s,volume-subpath=a/b", "busybox", "cat", "/s/f")).Expect().Text);
        Assert.Equal("in", (await Docker("run", "--rm", "--mount", $"type=volume,src={volume},dst=/s,volume-subpath=in,readonly", "busybox", "cat", "/s/f")).Expect().Text);
        Assert.Equal("out", (await Docker("run", "--rm", "--mount", $"type=volume,src={volume},dst=/s,volume-subpath=top", "busybox", "cat", "/s")).Expect().Text);
        foreach (string wrong in new[] { "escape", "a/up", "nothing", "../x", "/a" })
            Assert.NotEqual(0, (await Docker("run", "--rm", "--mount", $"type=volume,src={volume},dst=/s,volume-subpath={wrong}", "busybox", "true")).ExitCode);
    }

    [Fact]
    public async Task Image_IsMountedReadOnlyWholeOrInPart()
    {
        string image = await ImageAsync("mkdir -p /a/b && echo inside >/a/b/f && ln -s /etc /a/escape"), user = NewName();
        Assert.Equal(["inside", "ro"], (await Docker("run", "--rm", "--mount", $"type=image,src={image},dst=/i", "busybox", "sh", "-c", "cat /i/a/b/f; test -d /i/bin && touch /i/x 2>/dev/null || echo ro")).Expect().Lines);
        Assert.Equal("inside", (await Docker("run", "--rm", "--mount", $"type=image,src={image},dst=/i,image-subpath=a/b", "busybox", "cat", "/i/f")).Expect().Text);
        Assert.Equal("inside", (await Docker("run", "--rm", "--mount", $"type=image,src={image},dst=/i,image-subpath=a/b/f", "busybox", "cat", "/i")).Expect().Text);
        Assert.NotEqual(0, (await Docker("run", "--rm", "--mount", $"type=image,src={image},dst=/i,image-subpath=a/escape", "busybox", "true")).ExitCode);
        Assert.Contains("No such image", (await Docker("run", "--rm", "--mount", $"type=image,src={NewName()},dst=/i", "busybox", "true")).Error, StringComparison.Ordinal);
        (await Docker("create", "--name", user, "--mount", $"type=image,src={image},dst=/i", "busybox")).Expect();
        Assert.Equal("image false", await Inspect(user, "{{(index .Mounts 0).Type}} {{(index .Mounts 0).RW}}"));
        Assert.NotEqual(0, (await Docker("rmi", image)).ExitCode);
        (await Docker("rm", user)).Expect();
        (await Docker("rmi", image)).Expect();
        Assert.DoesNotContain("/i ", await Mounts(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task VolumesFrom_HasThemReadOnlyWhenAsked()
    {
        string from = NewName(), directory = Directory.CreateDirectory(Path.Combine(Daemon.Scratch, NewName())).FullName;
        (await Docker("create", "--name", from, "-v", "/a", "-v", directory + ":/b", "busybox")).Expect();
        (await RunShell($"--volumes-from {from}", "echo x >/a/f; echo y >/b/f")).Expect();
        Assert.Equal(["x", "y", "no"], (await RunShell($"--volumes-from {from}:ro", "cat /a/f /b/f; touch /a/g /b/g 2>/dev/null || echo no")).Expect().Lines);
        (await Docker("rm", "-v", from)).Expect();
    }

    [Fact]
    public async Task ReadOnlyBind_IsReadOnlyBelowTooUnlessSaidOtherwise()
    {
        string directory = Directory.CreateDirectory(Path.Combine(Daemon.Scratch, NewName(), "below")).Parent!.FullName;
        (await Command.RunAsync("mount", ["-t", "tmpfs", "berth-test", Path.Combine(directory, "below")], cancellationToken: Cancellation)).Expect();
        try
        {
            const string Try = "touch /b/f 2>/dev/null && echo top; touch /b/below/f 2>/dev/null && echo below; :";
            Assert.Empty((await RunShell($"-v {directory}:/b:ro,z", Try)).Expect().Lines);
            Assert.Empty((await Docker("run", "--rm", "--mount", $"type=bind,src={directory},dst=/b,ro,bind-recursive=readonly,bind-propagation=rprivate", "busybox", "sh", "-c", Try)).Expect().Lines);
            Assert.Equal(["below"], (await Docker("run", "--rm", "--mount", $"type=bind,src={directory},dst=/b,ro,bind-recursive=writable", "busybox", "sh", "-c", Try)).Expect().Lines);
            Assert.Equal(["top", "below"], (await Docker("run", "--rm", "--mount", $"type=bind,src={directory},dst=/b,consistency=cached", "busybox", "sh", "-c", Try)).Expect().Lines);
            Assert.Equal("", (await Docker("run", "--rm", "--mount", $"type=bind,src={directory},dst=/b,bind-recursive=disabled", "busybox", "ls", "/b/below")).Expect().Text);
        }
        finally
        {
            (await Command.RunAsync("umount", [Path.Combine(directory, "below")], cancellationToken: CancellationToken.None)).Expect();
        }
    }

    [Fact]
    public async Task Mount_Tmpfs_HasSizeAndMode()
    {
        string[] lines = (await Docker("run", "--rm", "--mount", "type=tmpfs,destination=/t,tmpfs-size=1m,tmpfs-mode=1700", "busybox", "sh", "-c", "stat -c %a /t; df -k /t | tail -1")).Expect().Lines;
        Assert.Equal("1700", lines[0]);
        Assert.Contains(" 1024 ", lines[1], StringComparison.Ordinal);
    }
}
