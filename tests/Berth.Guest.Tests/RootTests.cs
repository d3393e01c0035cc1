using Berth.Testing;

namespace Berth.Guest.Tests;

public sealed class RootTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public RootTests()
    {
        Requires.Root("the agent mounts");
        Directory.CreateDirectory(_folder.Combine("root", "bin"));
        Directory.CreateDirectory(_folder.Combine("root", "etc"));
        Directory.CreateDirectory(_folder.Combine("root", "tmp"));
        File.Copy("/bin/busybox", _folder.Combine("root", "bin", "busybox"));
        foreach (string name in (string[])["sh", "cat", "id", "hostname", "ls", "mount", "echo", "stat", "touch", "dd"])
        {
            File.CreateSymbolicLink(_folder.Combine("root", "bin", name), "busybox");
        }
        File.WriteAllText(_folder.Combine("root", "etc", "passwd"), "root:x:0:0::/root:/bin/sh\nweb:x:33:44::/srv:/bin/sh\nbroken\n:::\n");
        File.WriteAllText(_folder.Combine("root", "etc", "group"), "root:x:0:\nwww:x:44:\nextra:x:55:other,web\nmore:x:66:\n");
        // An image may link its files anywhere: the host's must not be reached.
        File.CreateSymbolicLink(_folder.Combine("root", "etc", "hosts"), _folder.Combine("outside"));
        File.WriteAllText(_folder.Combine("outside"), "untouched");
    }

    private static CancellationToken Token => NativeAgent.Token;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task SetUp_Directory_BecomesTheRootWithNameHostsAndKernelViews()
    {
        await using NativeAgent agent = await NativeAgent.StartAsync(new GuestSetup { Root = new DirectoryGuestRoot(_folder.Combine("root")), Hostname = "box", ResolverConfiguration = "nameserver 192.0.2.1\n" });
        (int code, string stdout, string stderr) = await agent.ShellAsync(
            "hostname; cat /etc/hostname /etc/resolv.conf; cat /etc/hosts; ls /dev/null /dev/ptmx /dev/shm/ /dev/fd/0; cat /proc/self/comm; echo $$",
            new GuestProcessSpec { Args = [], IsMain = true });
        Assert.Equal((0, ""), (code, stderr));
        Assert.StartsWith("box\nbox\nnameserver 192.0.2.1\n127.0.0.1\tlocalhost\n", stdout, StringComparison.Ordinal);
        Assert.Contains("127.0.1.1\tbox\n", stdout, StringComparison.Ordinal);
        Assert.EndsWith("cat\n1\n", stdout, StringComparison.Ordinal);
        Assert.Equal("untouched", File.ReadAllText(_folder.Combine("outside")));
        Assert.NotEqual("box", Environment.MachineName);
    }

    [Theory]
    [InlineData("web", "uid=33(web) gid=44(www) groups=44(www),55(extra) /srv")]
    [InlineData("33", "uid=33(web) gid=44(www) groups=44(www),55(extra) /srv")]
    [InlineData("web:more", "uid=33(web) gid=66(more) groups=66(more) /srv")]
    [InlineData("999", "uid=999 gid=0(root) groups=0(root) /")]
    [InlineData("", "uid=0(root) gid=0(root) groups=0(root) /root")]
    public async Task Start_User_IsResolvedInTheImage(string user, string expected)
    {
        await using NativeAgent agent = await NativeAgent.StartAsync(new GuestSetup { Root = new DirectoryGuestRoot(_folder.Combine("root")) });
        Assert.Equal(expected + "\n", (await agent.ShellAsync("echo $(id) $HOME", new GuestProcessSpec { Args = [], User = user })).Stdout);
    }

    [Fact]
    public async Task Start_MainWithMissingDirectory_MakesIt()
    {
        await using NativeAgent agent = await NativeAgent.StartAsync(new GuestSetup { Root = new DirectoryGuestRoot(_folder.Combine("root")) });
        Assert.Equal("/work/deep\n", (await agent.ShellAsync("pwd", new GuestProcessSpec { Args = [], IsMain = true, Cwd = "/work/deep" })).Stdout);
    }

    [Fact]
    public async Task SetUp_DeviceIsMissing_SaysWhich()
    {
        await using NativeAgent agent = await NativeAgent.StartRawAsync();
        GuestChannel channel = await GuestChannel.ConnectAsync(agent.Raw, null, Token);
        GuestException e = await Assert.ThrowsAsync<GuestException>(() => channel.SetUpAsync(new GuestSetup { Root = new DirectoryGuestRoot("/nowhere/at/all") }, Token));
        Assert.Contains("/nowhere/at/all: No such file or directory", e.Message, StringComparison.Ordinal);
        Assert.Equal(125, e.ExitCode);
    }

    [Fact]
    public async Task SetUp_NetworkCardIsMissing_SaysWhich()
    {
        await using NativeAgent agent = await NativeAgent.StartRawAsync();
        GuestChannel channel = await GuestChannel.ConnectAsync(agent.Raw, null, Token);
        GuestSetup setup = new() { Interfaces = [new GuestInterface("02:00:00:00:00:99", "eth0", 1500, ["10.0.0.2/24"], [])] };
        GuestException e = await Assert.ThrowsAsync<GuestException>(() => channel.SetUpAsync(setup, Token));
        Assert.Contains("02:00:00:00:00:99: No such device", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SetUp_ImageUnderWritableDisk_WritesOnlyToTheDiskAndReportsWhenItIsFull()
    {
        string image = _folder.Combine("image"), disk = _folder.Combine("disk");
        (await Command.RunAsync("mkfs.erofs", ["--quiet", image, _folder.Combine("root")], cancellationToken: Token)).Expect();
        (await Command.RunAsync("mkfs.ext4", ["-q", "-O", "^has_journal", disk, "8m"], cancellationToken: Token)).Expect();
        string? lower = await LoopAsync("-r", image), upper = await LoopAsync(disk);
        try
        {
            if (lower is null || upper is null)
            {
                Assert.Skip("this host has no loop devices");
            }
            var root = new OverlayGuestRoot(lower, "erofs", upper, "ext4");
            await using (NativeAgent agent = await NativeAgent.StartAsync(new GuestSetup { Root = root, Hostname = "vm" }))
            {
                (int code, string stdout, string stderr) = await agent.ShellAsync("echo new >/etc/made; cat /etc/made /etc/hostname; for i in 1 2 3; do dd if=/dev/zero of=/big$i bs=1k; done", new GuestProcessSpec { Args = [], IsMain = true });
                Assert.Equal("new\nvm\n", stdout);
                Assert.Contains("No space left on device", stderr, StringComparison.Ordinal);
                Assert.NotEqual(0, code);
            }
            // The disk is full now: setting up again needs room for the new name.
            await using NativeAgent second = await NativeAgent.StartRawAsync();
            GuestChannel channel = await GuestChannel.ConnectAsync(second.Raw, null, Token);
            try
            {
                await channel.SetUpAsync(new GuestSetup { Root = root, Hostname = "vm", Hosts = new string('#', 60000) }, Token);
                Assert.Fail("a full disk took more");
            }
            catch (GuestException e)
            {
                Assert.Contains(": No space left on device", e.Message, StringComparison.Ordinal);
            }
        }
        finally
        {
            foreach (string? device in (string?[])[lower, upper])
            {
                if (device is not null)
                {
                    await Command.RunAsync("losetup", ["-d", device], cancellationToken: CancellationToken.None);
                }
            }
        }
    }

    private static async Task<string?> LoopAsync(params string[] arguments)
    {
        CommandResult result = await Command.RunAsync("losetup", ["--show", "-f", .. arguments], cancellationToken: Token);
        return result.ExitCode == 0 ? result.Text : null;
    }
}
