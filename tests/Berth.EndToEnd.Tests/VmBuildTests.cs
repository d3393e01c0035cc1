using System.Diagnostics;
using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>Builds whose commands run in virtual machines.</summary>
[Trait("Category", "slow")]
public sealed class VmBuildTests(VmBuildFixture fixture) : IClassFixture<VmBuildFixture>
{
    private PrivateDaemon Daemon { get; } = fixture.Daemon;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Task<CommandResult> Berth(params string[] arguments) => Daemon.BerthAsync(arguments, cancellationToken: Cancellation);

    private BuildContextFolder Folder(string dockerfile, params (string, string)[] files) => new(Daemon.Scratch, dockerfile, files);

    private Task<CommandResult> Build(string dockerfile, params string[] options) => Berth(["build", "--isolation", "vm", "--progress", "plain", .. options, Folder(dockerfile).Path]);

    private async Task NothingIsLeft()
    {
        string tmp = Path.Combine(Daemon.DataRoot, "images", "tmp"), steps = Path.Combine(Daemon.RunRoot, "builds");
        for (long until = Environment.TickCount64 + 60_000; Directory.EnumerateFileSystemEntries(tmp).Any() && Environment.TickCount64 < until; await Task.Delay(50, Cancellation))
        {
        }
        Assert.Empty(Directory.EnumerateFileSystemEntries(tmp));
        Assert.False(Directory.Exists(steps) && Directory.EnumerateFileSystemEntries(steps).Any());
        await Invariants.NothingIsLeftAsync(Daemon, Cancellation);
    }

    // Every kind of change that a layer knows; what differs between the two kernels is not looked at by the commands.
    [Fact]
    public async Task Build_SameInput_SameDigestAsInContainers()
    {
        const string Text = """
            FROM busybox AS base
            RUN mkdir -p /w/old/deep /w/gone /w/opaque/x && echo a >/w/a && ln /w/a /w/b && echo f >/w/old/deep/f && touch /w/gone/1 /w/opaque/x/1 /w/none
            RUN chown 12:34 /w/a && chmod 4755 /w/b && ln -s nowhere /w/link && mkfifo -m 600 /w/pipe && mknod /w/null c 1 3 && mknod /w/disk b 7 9
            FROM base
            ARG X=1
            ENV Y=2
            RUN env | sort >/env; rm -rf /w/gone /w/opaque && mkdir /w/opaque && echo y >/w/opaque/y && rm /w/link && mkdir /w/link && echo z >/w/link/z
            RUN mv /w/old /w/new && ln /w/a /w/c && echo more >>/w/b; mkdir -m 1777 /w/sticky; rm /w/none; umask >/w/umask; hostname >/w/host; test ! -t 0
            RUN truncate -s 10000000 /w/sparse; echo tail >>/w/sparse; dd if=/dev/zero of=/w/big bs=1M count=3; touch -d '1969-12-31 23:59:58' /w/past
            RUN touch /w/ü "$(printf '/w/new\nline')" /w/$(printf '%0200d' 1); mkdir -p /w/l/$(printf '%0150d' 2)/$(printf '%0150d' 3); chown 3000000:4000000000 /w/big; chown 55:66 /w /
            WORKDIR /srv/x
            USER 7:8
            RUN (id; pwd; echo $HOME) >/tmp/who; touch mine || echo not >/tmp/not
            """;
        BuildContextFolder folder = Folder(Text);
        string[] arguments = ["build", "-q", "--build-arg", "SOURCE_DATE_EPOCH=1700000000", folder.Path];
        string inContainers = (await Berth([.. arguments, "--isolation", "container"])).Expect().Text;
        string inMachines = (await Berth([.. arguments, "--isolation", "vm"])).Expect().Text;
        Assert.Equal(inContainers, inMachines);
        Assert.Equal(["uid=7 gid=8(mail) groups=8(mail)", "/srv/x", "/", "not"], (await Berth("run", "--rm", inMachines, "cat", "/tmp/who", "/tmp/not")).Expect().Lines);
        await NothingIsLeft();
    }

    [Fact]
    public async Task Build_GuestsKernel_AndAKeyOfItsOwn()
    {
        BuildContextFolder folder = Folder("FROM busybox\nRUN uname -r\n");
        (await Berth("build", folder.Path)).Expect();
        CommandResult machine = (await Daemon.DockerAsync(["build", "--isolation", "vm", folder.Path], cancellationToken: Cancellation)).Expect();
        Assert.Contains($"\n{fixture.Release}\n", machine.Output, StringComparison.Ordinal);
        Assert.Contains("#2 CACHED", (await Berth("build", "--isolation", "vm", "--progress", "plain", folder.Path)).Expect().Error, StringComparison.Ordinal);
        await NothingIsLeft();
    }

    [Fact]
    public async Task Build_MountsAndDocuments_ReachCommandsAndNothingElse()
    {
        string secret = "secret" + Guid.NewGuid().ToString("n"), file = Path.Combine(Daemon.Scratch, Guid.NewGuid().ToString("n"));
        await File.WriteAllTextAsync(file, secret, Cancellation);
        BuildContextFolder folder = Folder(
            """
            FROM busybox AS other
            RUN echo other >/other
            FROM busybox
            SHELL ["/bin/ash", "-ec"]
            RUN --mount=type=bind,target=/ctx --mount=type=bind,from=other,source=/other,target=/o/t/h --mount=type=tmpfs,target=/t,size=1m \
                --mount=type=secret,id=k,env=K --mount=type=secret,id=k,target=/sk,mode=0444,uid=5 --mount=type=cache,target=/cache \
                cat /ctx/in /o/t/h; test "$(cat /sk)" = "$K"; test ${#K} = 38; ls -ln /sk | cut -c1-18; ! touch /ctx/no; df /t | grep -q tmpfs; echo kept >/cache/c
            RUN --mount=type=bind,target=/ctx,rw --mount=type=cache,target=/cache echo changed >/ctx/in; cat /ctx/in /cache/c >/seen
            RUN <<EOF
            echo a document
            EOF
            RUN <<EOF
            #!/bin/ash
            echo a program
            EOF
            RUN --network=none test "$(ls /sys/class/net)" = lo
            RUN ["/bin/sh", "-c", "ping -c 1 -w 60 $(ip route | awk '/default/{print $3}') >/dev/null && echo exec form"]
            """,
            ("in", "context\n"));
        CommandResult build = (await Berth("build", "--isolation", "vm", "--progress", "plain", "--secret", $"id=k,src={file}", "-t", "mounts", folder.Path)).Expect();
        Assert.DoesNotContain(secret, build.Output + build.Error, StringComparison.Ordinal);
        foreach (string line in (string[])["context", "other", "-r--r--r--    1 5 ", "a document", "a program", "exec form"])
            Assert.Contains(" " + line, build.Error, StringComparison.Ordinal);
        Assert.Equal(["changed", "kept"], (await Berth("run", "--rm", "mounts", "sh", "-c", "cat /seen; ls -d /ctx /o /t /sk /cache 2>/dev/null")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        CommandResult search = await Command.RunAsync("grep", ["-rlF", secret, Daemon.DataRoot, Daemon.RunRoot], cancellationToken: Cancellation);
        Assert.Empty(search.Text);
        await NothingIsLeft();
    }

    [Theory]
    [InlineData("RUN echo before; exit 7", 7, "Dockerfile:2: The command '/bin/sh -c echo before; exit 7' returned a non-zero code: 7")]
    [InlineData("RUN [\"/nothing\"]", 127, "Dockerfile:2: The command '/nothing' returned a non-zero code: 127")]
    [InlineData("RUN echo c >/proc/sysrq-trigger; sleep 100000", 125, "the guest's kernel panicked: sysrq triggered crash\n")]
    [InlineData("RUN --network=host true", 1, "Dockerfile:2: RUN --network=host: not with isolation vm")]
    public async Task Build_StepFails_SaysWhereAndLeavesNothing(string step, int exitCode, string message)
    {
        CommandResult build = await Build($"FROM busybox\n{step}\n");
        Assert.Equal(exitCode, build.ExitCode);
        Assert.Contains(message, build.Error, StringComparison.Ordinal);
        await NothingIsLeft();
    }

    [Fact]
    public async Task Build_Limits_AreTheMachines()
    {
        Assert.Contains(" 2 cpus, less than 128000", (await Daemon.DockerAsync(
            ["build", "--isolation", "vm", "--no-cache", "-m", "128m", "--cpu-period", "100000", "--cpu-quota", "150000",
                Folder("FROM busybox\nRUN test $(awk '/MemTotal/{print $2}' /proc/meminfo) -lt 128000 && echo \"on $(nproc) cpus, less than 128000\"\n").Path], cancellationToken: Cancellation)).Expect().Output, StringComparison.Ordinal);
        Assert.Contains("16 MiB are too small for a virtual machine", (await Build("FROM busybox\nRUN true\n", "-m", "16m")).Error, StringComparison.Ordinal);
        Assert.Contains("use container or vm", (await Berth("build", "--isolation", "hyperv", Daemon.Scratch)).Error, StringComparison.Ordinal);
        Assert.Contains("use container (default) or vm", (await Daemon.DockerAsync(["build", "--isolation", "hyperv", Folder("FROM busybox\n").Path], cancellationToken: Cancellation)).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task DaemonDiesOrClientLeaves_DuringAStep_TheMachineEndsAndNothingIsLeft(bool daemonDies)
    {
        string mark = Guid.NewGuid().ToString("n");
        using Process build = Command.Start("docker", ["build", "--isolation", "vm", Folder($"FROM busybox\nRUN echo {mark}; sleep 100000\n").Path], Daemon.Environment);
        string? line;
        while ((line = await build.StandardOutput.ReadLineAsync(Cancellation)) is not null && line.Trim() != mark)
        {
        }
        Assert.NotNull(line);
        if (daemonDies)
        {
            await Daemon.KillAsync();
            await build.WaitForExitAsync(Cancellation);
            await Daemon.RestartAsync(Cancellation);
        }
        else
        {
            build.Kill();
            await build.WaitForExitAsync(Cancellation);
        }
        await NothingIsLeft();
        (await Berth("run", "--rm", "busybox", "true")).Expect();
    }
}
