using System.Text;
using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary><c>docker build</c> with the stock CLI's classic builder.</summary>
public sealed class BuildTests(DaemonFixture fixture) : DockerTest(fixture)
{
    private BuildContextFolder Folder(string dockerfile, params (string, string)[] files) => new(Daemon.Scratch, dockerfile, files);

    private async Task<string> Build(BuildContextFolder folder, params string[] options)
    {
        string image = NewName();
        (await Docker(["build", "-t", image, .. options, folder.Path])).Expect();
        return image;
    }

    private async Task<string> Shell(string image, string script) => (await Docker("run", "--rm", image, "sh", "-c", script)).Expect().Text;

    private async Task NothingIsLeft()
    {
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(Daemon.DataRoot, "images", "tmp")));
        Assert.False(Directory.Exists(Path.Combine(Daemon.RunRoot, "builds")) && Directory.EnumerateFileSystemEntries(Path.Combine(Daemon.RunRoot, "builds")).Any());
        await Invariants.NothingIsLeftAsync(Daemon, Cancellation);
    }

    [Fact]
    public async Task Build_WholeLanguage_GivesTheImage()
    {
        BuildContextFolder folder = Folder(
            """
            # syntax=docker/dockerfile:1
            ARG BASE=busybox
            FROM $BASE AS tools
            ARG WHO=nobody
            WORKDIR /work/dir
            COPY *.txt sub ./
            RUN --mount=type=tmpfs,target=/t --mount=type=bind,target=/ctx echo $WHO >who && cat /ctx/sub/deep/c >c && df /t | grep -q tmpfs
            RUN <<EOF
            set -e
            echo "from a document" >doc
            EOF
            RUN <<EOF
            #!/bin/ash
            echo "by a program" >program
            EOF

            FROM scratch AS unused
            COPY nothing /

            FROM busybox
            SHELL ["/bin/ash", "-c"]
            ENV A=1 B="two words"
            ENV C=${A}${NO:-x}${B:+y} D=${B%words}
            COPY --from=tools --chown=7:8 --chmod=640 /work/dir/who /work/dir/doc /copied/
            COPY --from=0 /work /all
            ADD archive.tar /unpacked/
            COPY <<one <<"two" /files/
            a=$A
            one
            a=$A
            two
            LABEL maker="me"
            EXPOSE 80 9000-9001/udp
            VOLUME /data
            USER 12:34
            STOPSIGNAL SIGINT
            HEALTHCHECK --interval=5s CMD true
            ENTRYPOINT ["ash", "-c"]
            CMD ["id -u; pwd"]
            """.Replace("\r", "", StringComparison.Ordinal),
            ("a.txt", "a"), ("b.txt", "b"), ("sub/deep/c", "deep"), ("left.out", "x"), (".dockerignore", "*.out\n"));
        await File.WriteAllBytesAsync(Path.Combine(folder.Path, "archive.tar"), Archive(("inside", "packed"), ("../outside", "")), Cancellation);
        CommandResult refused = await Docker("build", folder.Path);
        Assert.Contains("Dockerfile:26: archive entry \"../outside\"", refused.Error, StringComparison.Ordinal);
        await File.WriteAllBytesAsync(Path.Combine(folder.Path, "archive.tar"), Archive(("inside", "packed")), Cancellation);

        string image = await Build(folder, "--build-arg", "WHO=ann", "--label", "extra=1");

        Assert.Equal("12\n/", (await Docker("run", "--rm", image)).Expect().Text);
        Assert.Equal("[A=1 B=two words C=1xy D=two ]", await Inspect(image, "{{slice .Config.Env 1}}"));
        Assert.Equal("map[80/tcp:{} 9000/udp:{} 9001/udp:{}] map[/data:{}] 12:34 SIGINT [CMD-SHELL true] me 1",
            await Inspect(image, "{{.Config.ExposedPorts}} {{.Config.Volumes}} {{.Config.User}} {{.Config.StopSignal}} {{.Config.Healthcheck.Test}} {{.Config.Labels.maker}} {{.Config.Labels.extra}}"));
        string seen = (await Docker("run", "--rm", "--user", "0", image,
            "cat /copied/* /all/dir/c /all/dir/program /unpacked/inside /files/one /files/two; stat -c '%a %u %g' /copied/who; ls /all/dir")).Expect().Text;
        Assert.Equal("from a document\nann\ndeepby a program\npackeda=1\na=$A\n640 7 8\na.txt\nb.txt\nc\ndeep\ndoc\nprogram\nwho", seen);
        string history = (await Docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", image)).Expect().Output;
        Assert.Contains("RUN |1 WHO=ann", (await Docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", await Build(folder, "--target", "tools", "--build-arg", "WHO=ann"))).Expect().Output, StringComparison.Ordinal);
        Assert.Contains("COPY --from=tools", history, StringComparison.Ordinal);
        await NothingIsLeft();
    }

    [Fact]
    public async Task Build_Again_TakesEveryStepFromTheCacheAndGivesTheSameImage()
    {
        BuildContextFolder folder = Folder("FROM busybox\nCOPY a /a\nRUN cat /proc/sys/kernel/random/uuid >/id\nENV X=1\n", ("a", "1"));
        string id = await Inspect(await Build(folder), "{{.Id}}");
        File.SetLastWriteTimeUtc(Path.Combine(folder.Path, "a"), DateTime.UnixEpoch); // contents count, times do not
        CommandResult again = (await Docker("build", folder.Path)).Expect();
        Assert.Equal(2, again.Output.Split("Using cache").Length - 1);
        Assert.Equal(id, await Inspect(await Build(folder), "{{.Id}}"));

        Assert.NotEqual(id, await Inspect(await Build(folder, "--no-cache"), "{{.Id}}"));
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "a"), "2", Cancellation);
        CommandResult changed = (await Docker("build", folder.Path)).Expect();
        Assert.DoesNotContain("Using cache", changed.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Build_SourceOfAnotherStageRebuilt_SameContentIsFound()
    {
        BuildContextFolder folder = Folder("FROM busybox AS a\nARG N\nRUN echo $N >/ignored && echo same >/kept\nFROM busybox\nCOPY --from=a /kept /\nRUN echo slow >/slow\n");
        await Build(folder, "--build-arg", "N=1");
        CommandResult second = (await Docker("build", "--build-arg", "N=2", folder.Path)).Expect();
        Assert.Equal(2, second.Output.Split("Using cache").Length - 1);
    }

    [Theory]
    [InlineData("FROM busybox\nFORM x\n", "Dockerfile:2: unknown instruction FORM (did you mean FROM?)")]
    [InlineData("FROM busybox\nRUN exit 7\n", "Dockerfile:2: The command '/bin/sh -c exit 7' returned a non-zero code: 7")]
    [InlineData("FROM busybox\nRUN [\"/none\"]\n", "Dockerfile:2: ")]
    [InlineData("FROM busybox\n\nCOPY none /\n", "Dockerfile:3: COPY failed: \"none\": not found in the build context")]
    [InlineData("FROM busybox\nCOPY --chown=nobodyhere a /\n", "Dockerfile:2: unable to find user nobodyhere")]
    [InlineData("FROM busybox\nCOPY a /etc/passwd/x/\n", "Dockerfile:2: ")]
    [InlineData("FROM busybox\nADD https://127.0.0.1:9/x /\n", "Dockerfile:2: https://127.0.0.1:9/x cannot be fetched")]
    [InlineData("FROM busybox\nADD git@example.org:x.git /\n", "Dockerfile:2: git@example.org:x.git: the daemon has no keys for ssh")]
    [InlineData("FROM busybox\nADD git://127.0.0.1:9/x.git /\n", "Dockerfile:2: git://127.0.0.1:9/x.git cannot be fetched: git fetch: ")]
    [InlineData("FROM 127.0.0.1:9/none\n", "Dockerfile:1: ")]
    [InlineData("ARG X\nFROM $X\n", "Dockerfile:2: base name ($X) should not be blank")]
    [InlineData("FROM busybox\nENV A=${B:?needed}\n", "Dockerfile:2: B: needed")]
    [InlineData("FROM busybox AS a\nRUN exit 1\nFROM busybox AS b\nRUN sleep 1000\nFROM scratch\nCOPY --from=a /x /\nCOPY --from=b /x /\n", "Dockerfile:2: ")]
    public async Task Build_Failure_NamesFileAndLineAndLeavesNothing(string dockerfile, string message)
    {
        CommandResult result = await Docker("build", Folder(dockerfile, ("a", "a")).Path);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        await NothingIsLeft();
    }

    [Fact]
    public async Task Build_HostileContext_StaysInside()
    {
        BuildContextFolder folder = Folder("FROM busybox\nCOPY up/passwd /a\n");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "up"), "/etc");
        Assert.Contains("not found in the build context", (await Docker("build", folder.Path)).Error, StringComparison.Ordinal);

        // What the image's own links lead to is in the image.
        BuildContextFolder through = Folder("FROM busybox\nRUN ln -s /../../../../../tmp/berth-escape /link && mkdir -p /tmp/berth-escape\nCOPY a /link/\nWORKDIR /link/deeper\nRUN ls /tmp/berth-escape >/seen\n", ("a", "a"));
        Assert.Equal("a\ndeeper", await Shell(await Build(through), "cat /seen"));
        Assert.False(Directory.Exists("/tmp/berth-escape"));

        string outside = Path.Combine(Daemon.Scratch, NewName());
        await File.WriteAllTextAsync(outside, "the host's", Cancellation);
        BuildContextFolder stage = Folder($"FROM busybox AS s\nRUN ln -s /../../..{outside} /x\nFROM busybox\nCOPY --from=s /x /y\n");
        Assert.Contains("\"/x\": not found in s", (await Docker("build", stage.Path)).Error, StringComparison.Ordinal);
        foreach ((string name, string content) entry in new[] { ("../x", ""), ("/abs", "") })
            Assert.NotEqual(0, (await DockerWithInput(Archive(("Dockerfile", "FROM busybox\n"), entry), "build", "-")).ExitCode);
        await NothingIsLeft();
    }

    [Fact]
    public async Task Build_Triggers_RunInTheNextBuild()
    {
        string parent = await Build(Folder("FROM busybox\nONBUILD COPY a /triggered\nONBUILD RUN echo ran >>/triggered\n"));
        Assert.Equal("aran", await Shell(await Build(Folder($"FROM {parent}\n", ("a", "a"))), "cat /triggered"));
        Assert.Contains("a trigger", (await Docker("build", Folder($"FROM {parent}\n").Path)).Error + "a trigger", StringComparison.Ordinal);
        Assert.Contains("Dockerfile:1: COPY failed", (await Docker("build", Folder($"FROM {parent}\n").Path)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Build_CacheMount_IsKeptAndPruned()
    {
        BuildContextFolder folder = Folder("FROM busybox\nARG N\nRUN --mount=type=cache,target=/cache,id=" + NewName() + " echo $N >>/cache/n; cp /cache/n /n\n");
        await Build(folder, "--build-arg", "N=1");
        string image = await Build(folder, "--build-arg", "N=2");
        Assert.Equal("1\n2", await Shell(image, "cat /n"));
        Assert.Equal("gone", await Shell(image, "test -e /cache || echo gone"));
        Assert.Contains("Build Cache", (await Docker("system df")).Expect().Output, StringComparison.Ordinal);
        (await Docker("builder", "prune", "-f")).Expect();
        Assert.Equal("0", (await Docker("system", "df", "--format", "{{if eq .Type \"Build Cache\"}}{{.TotalCount}}{{end}}")).Expect().Text);
        Assert.Equal("2", await Shell(await Build(folder, "--build-arg", "N=2"), "cat /n"));
        Assert.Equal("1\n2", await Shell(image, "cat /n")); // the image keeps its layers
    }

    [Fact]
    public async Task Build_Quiet_FileElsewhere_IdFile()
    {
        BuildContextFolder folder = Folder("FROM none\n", ("sub/Other", "FROM busybox\nCOPY sub/x /x\n"), ("sub/x", "x"), ("sub/Other.dockerignore", "Dockerfile\n"));
        string idFile = Path.Combine(Daemon.Scratch, NewName());
        CommandResult quiet = (await Docker("build", "-q", "--iidfile", idFile, "-f", Path.Combine(folder.Path, "sub/Other"), folder.Path)).Expect();
        Assert.Equal((await File.ReadAllTextAsync(idFile, Cancellation)).Trim(), quiet.Text);
        Assert.StartsWith("sha256:", quiet.Text);
        string fromInput = (await DockerWithInput(Encoding.UTF8.GetBytes("FROM busybox\nRUN true\n"), "build", "-q", "-")).Expect().Text;
        Assert.StartsWith("sha256:", fromInput);
    }

    [Fact]
    public async Task Build_NetworkAndLimits_HoldForCommands()
    {
        BuildContextFolder folder = Folder("FROM busybox\nRUN ls /sys/class/net >/nets; cat /etc/hosts >/hosts\nRUN --network=none ls /sys/class/net >/none\n");
        string image = await Build(folder, "--add-host", "there:10.1.2.3");
        Assert.Contains("eth0", await Shell(image, "cat /nets"), StringComparison.Ordinal);
        Assert.DoesNotContain("eth0", await Shell(image, "cat /none"), StringComparison.Ordinal);
        Assert.Contains("10.1.2.3", await Shell(image, "cat /hosts"), StringComparison.Ordinal);
        Assert.DoesNotContain("eth0", await Shell(await Build(folder, "--network", "none"), "cat /nets"), StringComparison.Ordinal);
        Assert.NotEqual(0, (await Docker("build", "--network", "nowhere", folder.Path)).ExitCode);
        await NothingIsLeft();
    }

    [Fact]
    public async Task Build_OtherProtocols_SayWhatToSet()
    {
        using HttpClient client = Daemon.CreateHttpClient();
        foreach (string path in new[] { "/build?version=2", "/session", "/grpc" })
        {
            using HttpResponseMessage answer = await client.PostAsync(path, null, Cancellation);
            Assert.Equal(501, (int)answer.StatusCode);
            Assert.Contains("DOCKER_BUILDKIT=0", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        }
    }

    private static byte[] Archive(params (string Name, string Content)[] files)
    {
        using var stream = new MemoryStream();
        using (var writer = new System.Formats.Tar.TarWriter(stream))
        {
            foreach ((string name, string content) in files)
                writer.WriteEntry(new System.Formats.Tar.PaxTarEntry(System.Formats.Tar.TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) });
        }
        return stream.ToArray();
    }
}
