using System.Text;
using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary><c>berth build</c>, and what builds promise whatever the client.</summary>
public sealed class BerthBuildTests(DaemonFixture fixture) : BerthTest(fixture)
{
    private BuildContextFolder Folder(string dockerfile, params (string, string)[] files) => new(Daemon.Scratch, dockerfile, files);

    [Fact]
    public async Task Build_Secrets_ReachCommandsAndNothingElse()
    {
        string secret = "secret" + Guid.NewGuid().ToString("n"), image = NewName(), file = Path.Combine(Daemon.Scratch, NewName());
        await File.WriteAllTextAsync(file, secret, Cancellation);
        BuildContextFolder folder = Folder(
            "FROM busybox\nRUN --mount=type=secret,id=k,env=K --mount=type=secret,id=k,target=/deep/er/k,mode=0444 test \"$(cat /deep/er/k)\" = \"$K\" && test ${#K} = 38 && echo checked >/checked\nRUN --mount=type=secret,id=optional test ! -e /run/secrets/optional\n");
        CommandResult build = (await Berth("build", "--secret", $"id=k,src={file}", "-t", image, folder.Path)).Expect();
        Assert.DoesNotContain(secret, build.Output + build.Error, StringComparison.Ordinal);
        Assert.Equal("checked", (await Berth("run", "--rm", image, "sh", "-c", "cat /checked; ls -d /deep /run/secrets 2>/dev/null")).Output.Trim());
        CommandResult search = await Command.RunAsync("grep", ["-rlF", secret, Daemon.DataRoot, Daemon.RunRoot], cancellationToken: Cancellation);
        Assert.Empty(search.Text);
        Assert.Contains("secret k: not found", (await Berth("build", "--no-cache", Folder("FROM busybox\nRUN --mount=type=secret,id=k,required=true true\n").Path)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Build_Sends_WhatIsNotIgnored()
    {
        string image = NewName();
        BuildContextFolder folder = Folder("FROM busybox\nCOPY . /all\n", (".dockerignore", "*\n!keep\n!dir/in\n"), ("keep", "k"), ("lost", "l"), ("dir/in", "i"), ("dir/out", "o"));
        (await Berth("build", "-t", image, folder.Path)).Expect();
        Assert.Equal("dir\ndir/in\nkeep", (await Berth("run", "--rm", image, "sh", "-c", "cd /all; find * | sort")).Expect().Text);
    }

    [Fact]
    public async Task Build_PlainAndTerminal_ShowSteps()
    {
        BuildContextFolder folder = Folder("FROM busybox\nRUN echo visible $((6*7))\n");
        CommandResult plain = (await Berth("build", "--progress", "plain", folder.Path)).Expect();
        Assert.Contains("#2 RUN echo visible", plain.Error, StringComparison.Ordinal);
        Assert.Contains("#2 visible 42", plain.Error, StringComparison.Ordinal);
        Assert.StartsWith("sha256:", plain.Text);
        CommandResult quiet = (await Berth("build", "-q", folder.Path)).Expect();
        Assert.Empty(quiet.Error);
        Assert.Equal(plain.Text, quiet.Text);
        CommandResult terminal = await BerthOnTerminal($"build --no-cache {folder.Path}");
        Assert.Contains("[2/2] RUN echo visible", terminal.Output, StringComparison.Ordinal);
        CommandResult failed = await Berth("build", Folder("FROM busybox\nRUN exit 9\n").Path);
        Assert.Equal(9, failed.ExitCode);
        Assert.Contains("Dockerfile:2: ", failed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Build_DockerfileOnInput_AndArchive()
    {
        Assert.StartsWith("sha256:", (await BerthWithInput(Encoding.UTF8.GetBytes("FROM busybox\nRUN true\n"), "build", "-q", "-")).Expect().Text);
        BuildContextFolder folder = Folder("FROM none\n", ("a", "a"));
        Assert.StartsWith("sha256:", (await BerthWithInput(Encoding.UTF8.GetBytes("FROM busybox\nCOPY a /\n"), "build", "-q", "-f", "-", folder.Path)).Expect().Text);
    }

    [Fact]
    public async Task Build_Repository_AsContextAndAsSource()
    {
        string image = NewName();
        await using GitServer server = await GitServer.StartAsync(("sub/Dockerfile", "FROM busybox\nCOPY . /all\n"), ("sub/other", "FROM busybox\nRUN echo other >/other\n"), ("sub/f", "1"), ("above", "2"));
        (await Berth("build", "-q", "-t", image, $"{server.Address}#main:sub")).Expect();
        Assert.Equal("Dockerfile\nf\nother", (await Berth("run", "--rm", image, "ls", "-A", "/all")).Expect().Text);
        (await Berth("build", "-q", "-t", image, "-f", "other", $"{server.Address}#:sub")).Expect();
        Assert.Equal("other", (await Berth("run", "--rm", image, "cat", "/other")).Expect().Text);

        BuildContextFolder folder = Folder($"FROM busybox\nADD {server.Address}#main /all/\n");
        (await Berth("build", "-q", "-t", image, folder.Path)).Expect();
        Assert.Equal("above\nsub", (await Berth("run", "--rm", image, "ls", "-A", "/all")).Expect().Text);
        Assert.Contains("Dockerfile:2: ", (await Berth("build", Folder($"FROM busybox\nADD {server.Address}#none /all/\n").Path)).Error, StringComparison.Ordinal);
        Assert.Contains("has no directory none", (await Berth("build", $"{server.Address}#main:none")).Error, StringComparison.Ordinal);
        Assert.Contains("no keys for ssh", (await Berth("build", "git@example.org:a.git")).Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(Daemon.DataRoot, "images", "tmp")));
    }

    [Fact]
    public async Task Build_Address_OfADockerfileOrAnArchive()
    {
        string archive = await PackAsync("xz", ("Dockerfile", "FROM busybox\nCOPY in /fetched\n"), ("in", "archive"));
        byte[] packed = await File.ReadAllBytesAsync(archive, Cancellation);
        await using LoopbackServer server = new(async (client, stop) =>
        {
            using StreamReader request = new(client.GetStream());
            string path = (await request.ReadLineAsync(stop))!.Split(' ')[1];
            byte[] body = path == "/context" ? packed : "FROM busybox\nRUN echo dockerfile >/fetched\n"u8.ToArray();
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"), stop);
            await client.GetStream().WriteAsync(body, stop);
        });
        foreach ((string path, string content) in new[] { ("context", "archive"), ("Dockerfile.txt", "dockerfile") })
        {
            string image = NewName();
            (await Berth("build", "-q", "-t", image, $"http://{server.Authority}/{path}")).Expect();
            Assert.Equal(content, (await Berth("run", "--rm", image, "cat", "/fetched")).Expect().Text);
        }
    }

    [Fact]
    public async Task Build_XzAndBzip2_AreUnpackedByAdd()
    {
        string image = NewName();
        BuildContextFolder folder = Folder("FROM busybox\nADD a.tar.xz b.tar.bz2 /\nADD broken.xz /\n");
        File.Copy(await PackAsync("xz", ("a", "xz")), Path.Combine(folder.Path, "a.tar.xz"));
        File.Copy(await PackAsync("bzip2", ("b", "bzip2")), Path.Combine(folder.Path, "b.tar.bz2"));
        await File.WriteAllBytesAsync(Path.Combine(folder.Path, "broken.xz"), [0xFD, .. "7zXZ\0 and no more"u8], Cancellation);
        (await Berth("build", "-q", "-t", image, folder.Path)).Expect();
        Assert.Equal("xzbzip2/broken.xz", (await Berth("run", "--rm", image, "sh", "-c", "cat a b; ls /broken.xz")).Expect().Text);
    }

    private async Task<string> PackAsync(string program, params (string, string)[] files)
    {
        BuildContextFolder folder = Folder("", files);
        if (files[0].Item1 != "Dockerfile")
            File.Delete(Path.Combine(folder.Path, "Dockerfile"));
        string tar = folder.Path + ".tar";
        (await Command.RunAsync("tar", ["-C", folder.Path, "-cf", tar, "."], cancellationToken: Cancellation)).Expect();
        (await Command.RunAsync(program, [tar], cancellationToken: Cancellation)).Expect();
        return tar + (program == "xz" ? ".xz" : ".bz2");
    }

    // The same input gives the same digest, on machines and at times of their own.
    [Fact]
    public async Task Build_WithSourceDateEpoch_SameDigestOnTwoStores()
    {
        const string Text = """
            FROM busybox AS a
            WORKDIR /w
            COPY . /w/
            RUN echo made >/w/made && mkdir -p /w/d && ln -s made /w/link && touch /tmp/t && rm /tmp/t
            FROM busybox
            ARG V=1
            COPY --from=a /w /w
            RUN --mount=type=cache,target=/root/.cache echo $V >/v; chmod 600 /v; hostname >/host; env >/env
            LABEL x=y
            """;
        var ids = new List<string>();
        await using PrivateDaemon other = await PrivateDaemon.StartAsync(Cancellation);
        foreach (PrivateDaemon daemon in new[] { Daemon, other })
        {
            BuildContextFolder folder = new(daemon.Scratch, Text, ("f", "f"), ("d/g", "g"));
            File.SetLastWriteTimeUtc(Path.Combine(folder.Path, "f"), DateTime.UtcNow.AddMinutes(ids.Count));
            ids.Add((await daemon.BerthAsync(["build", "-q", "--build-arg", "SOURCE_DATE_EPOCH=1700000000", folder.Path], cancellationToken: Cancellation)).Expect().Text);
        }
        Assert.Equal(ids[0], ids[1]);
        Assert.Equal("2023-11-14T22:13:20Z", (await Daemon.DockerAsync(["inspect", "-f", "{{.Created}}", ids[0]], cancellationToken: Cancellation)).Expect().Text);
        Assert.Equal("0", (await Berth("run", "--rm", ids[0], "sh", "-c", "find /w /v /host /env -newer /w/f | wc -l")).Expect().Text);
    }
}
