using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>What touches a container's files: <c>cp</c>, <c>diff</c>, <c>commit</c>, <c>export</c>, volumes.</summary>
public sealed class FilesTests(DaemonFixture fixture) : DockerTest(fixture)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Copy_BothWays_KeepsContentAndMode(bool running)
    {
        string name = NewName();
        (await Docker(running ? $"run -d --name {name} busybox sleep 1000" : $"create --name {name} busybox")).Expect();
        string source = Directory.CreateDirectory(Path.Combine(Daemon.Scratch, NewName(), "tree")).FullName;
        await File.WriteAllTextAsync(Path.Combine(source, "run.sh"), "#!/bin/sh\necho hi\n", Cancellation);
        File.SetUnixFileMode(Path.Combine(source, "run.sh"), (UnixFileMode)0b111_101_000);
        File.CreateSymbolicLink(Path.Combine(source, "link"), "run.sh");
        (await Docker("cp", source, $"{name}:/opt")).Expect();
        string back = Path.Combine(Daemon.Scratch, NewName());
        (await Docker("cp", $"{name}:/opt", back)).Expect();
        Assert.Equal("#!/bin/sh\necho hi\n", await File.ReadAllTextAsync(Path.Combine(back, "run.sh"), Cancellation));
        Assert.Equal((UnixFileMode)0b111_101_000, File.GetUnixFileMode(Path.Combine(back, "run.sh")));
        Assert.Equal("run.sh", new FileInfo(Path.Combine(back, "link")).LinkTarget);
        (await Docker($"rm -f {name}")).Expect();
    }

    [Fact]
    public async Task Copy_ThroughAnEscapingLink_StaysInsideTheContainer()
    {
        string name = NewName();
        (await Docker("run", "--name", name, "busybox", "ln", "-s", "/etc", "/escape")).Expect();
        string file = Path.Combine(Daemon.Scratch, NewName());
        await File.WriteAllTextAsync(file, "planted", Cancellation);
        (await Docker("cp", file, $"{name}:/escape/berth-planted")).Expect();
        Assert.False(File.Exists("/etc/berth-planted"));
        (await Docker("cp", $"{name}:/etc/berth-planted", file + ".back")).Expect();
        Assert.Equal("planted", await File.ReadAllTextAsync(file + ".back", Cancellation));
        (await Docker($"rm {name}")).Expect();
    }

    [Fact]
    public async Task Copy_MissingPath_SaysSo()
    {
        string name = NewName();
        (await Docker($"create --name {name} busybox")).Expect();
        CommandResult result = await Docker("cp", $"{name}:/no/such", Daemon.Scratch);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("no", result.Error, StringComparison.OrdinalIgnoreCase);
        (await Docker($"rm {name}")).Expect();
    }

    [Fact]
    public async Task Diff_ShowsAddedChangedDeleted()
    {
        string name = NewName();
        (await Docker("run", "--name", name, "busybox", "sh", "-c", "echo x >/new; echo y >>/etc/passwd; rm /etc/group")).Expect();
        string[] lines = (await Docker($"diff {name}")).Expect().Lines;
        Assert.Contains("A /new", lines);
        Assert.Contains("C /etc", lines);
        Assert.Contains("C /etc/passwd", lines);
        Assert.Contains("D /etc/group", lines);
        (await Docker($"rm {name}")).Expect();
    }

    [Fact]
    public async Task Commit_MakesAnImageThatRuns()
    {
        string name = NewName(), image = NewName() + ":v1";
        (await Docker("run", "--name", name, "busybox", "sh", "-c", "echo kept >/kept; rm /etc/group")).Expect();
        (await Docker("commit", "-c", "CMD [\"cat\", \"/kept\"]", "-c", "ENV B=2", "-m", "message", name, image)).Expect();
        Assert.Equal("kept", (await Docker($"run --rm {image}")).Expect().Text);
        Assert.Equal("2", (await Docker("run", "--rm", image, "sh", "-c", "test ! -e /etc/group && echo $B")).Expect().Text);
        Assert.Contains("message", (await Docker($"history {image}")).Expect().Output);
        (await Docker($"rm {name}")).Expect();
        (await Docker($"rmi {image}")).Expect();
    }

    [Fact]
    public async Task ExportImport_KeepTheTree()
    {
        string name = NewName(), image = NewName() + ":imported";
        string tar = Path.Combine(Daemon.Scratch, name + ".tar");
        (await Docker("run", "--name", name, "busybox", "sh", "-c", "mkdir /d; echo exported >/d/f; ln -s d /l; chown 12:34 /d/f")).Expect();
        (await Docker($"export -o {tar} {name}")).Expect();
        (await Docker("import", "-c", "CMD [\"sh\"]", tar, image)).Expect();
        Assert.Equal(["exported", "12:34"], (await Docker("run", "--rm", image, "sh", "-c", "cat /l/f; stat -c %u:%g /d/f")).Expect().Lines);
        (await Docker($"rm {name}")).Expect();
        (await Docker($"rmi {image}")).Expect();
    }

    [Fact]
    public async Task Volume_Named_KeepsDataBetweenContainers()
    {
        string volume = NewName();
        (await RunShell($"-v {volume}:/data", "echo persistent >/data/f")).Expect();
        Assert.Equal("persistent", (await RunShell($"-v {volume}:/data:ro", "cat /data/f")).Expect().Text);
        Assert.Contains(volume, (await Docker("volume ls -q")).Expect().Lines);
        (await Docker($"volume rm {volume}")).Expect();
    }
}
