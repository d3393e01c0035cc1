using System.Formats.Tar;
using Berth.Testing;

namespace Berth.Guest.Tests;

/// <summary>What the agent makes of an overlay's changes.</summary>
public sealed class LayerTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public LayerTests()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            Assert.Skip("needs root: the agent mounts");
        }
        foreach (string directory in (string[])["bin", "etc", "dev", "proc", "replaced"])
        {
            Directory.CreateDirectory(_folder.Combine("root", directory));
        }
        File.Copy("/bin/busybox", _folder.Combine("root", "bin", "busybox"));
        foreach (string file in (string[])["etc/hosts", "etc/hostname", "etc/resolv.conf", "gone", "replaced/old"])
        {
            File.WriteAllText(_folder.Combine("root", file), "image");
        }
    }

    private static CancellationToken Token => NativeAgent.Token;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Layer_ChangesOfProcesses_AndNothingElse()
    {
        const string Script = """
            cd /; b=busybox
            $b cat /etc/hostname /etc/resolv.conf >/seen; $b rm /gone; $b rm -r /replaced; $b mkdir /replaced; echo new >/replaced/new
            echo a >/a; $b ln /a /b; $b ln -s target /link; $b chown 3000000:70000 /a; $b chmod 4711 /a; $b mkfifo /pipe; $b mknod /node c 4 300
            $b truncate -s 50000000 /sparse; echo end >>/sparse; $b mkdir -p /d/$($b printf '%0200d' 1); TZ=UTC $b touch -d '1969-12-31 23:59:58' /past
            """;
        await WithAgentAsync(async agent =>
        {
            Assert.Equal((0, "", ""), await agent.RunAsync(new GuestProcessSpec { Args = ["/bin/busybox", "sh", "-ec", Script], Env = ["PATH=/bin"], IsMain = true }));
            byte[] tar = await ReadAsync(agent);
            Assert.True(tar.Length < 1 << 20, "the holes were written");
            Dictionary<string, TarEntry> entries = await EntriesAsync(tar);
            Assert.Equal(
                ["./", ".wh.gone", "a", "b", "d", "d/" + new string('0', 199) + "1", "link", "node", "past", "pipe", "replaced", "replaced/.wh..wh..opq", "replaced/new", "seen", "sparse"],
                entries.Keys.Where(name => name != "d/.wh..wh..opq").Order(StringComparer.Ordinal));
            Assert.Equal("vm\nnameserver 192.0.2.1\n", await new StreamReader(entries["seen"].DataStream!).ReadToEndAsync(Token));
            TarEntry[] names = [entries["a"], entries["b"]];
            TarEntry file = names.Single(static e => e.EntryType == TarEntryType.RegularFile), hard = names.Single(static e => e.EntryType == TarEntryType.HardLink);
            Assert.Equal((3_000_000, 70_000, (UnixFileMode)0b100_111_001_001, 2), (file.Uid, file.Gid, file.Mode, file.Length));
            Assert.Equal(file.Name, hard.LinkName);
            Assert.Equal(("target", TarEntryType.Fifo, 4, 300), (entries["link"].LinkName, entries["pipe"].EntryType, ((PosixTarEntry)entries["node"]).DeviceMajor, ((PosixTarEntry)entries["node"]).DeviceMinor));
            IReadOnlyDictionary<string, string> sparse = ((PaxTarEntry)entries["sparse"]).ExtendedAttributes;
            Assert.Equal(("1", "50000004"), (sparse["GNU.sparse.major"], sparse["GNU.sparse.realsize"]));
            Assert.Equal("-2.000000000", ((PaxTarEntry)entries["past"]).ExtendedAttributes["mtime"]);
        });
    }

    [Fact]
    public async Task Layer_MainStillRuns_IsRefused()
    {
        await WithAgentAsync(async agent =>
        {
            GuestProcess main = await agent.Channel.StartAsync(new GuestProcessSpec { Args = ["/bin/busybox", "sleep", "100000"], IsMain = true }, Token);
            Assert.Contains("the main process still runs", (await Assert.ThrowsAsync<GuestException>(() => agent.Channel.StartLayerAsync(Token))).Message, StringComparison.Ordinal);
            await main.SignalAsync(9, Token);
            Assert.Equal(137, (await main.Exited.WaitAsync(Token)).ExitCode);
            Assert.Equal("./", Assert.Single(await EntriesAsync(await ReadAsync(agent))).Key);
        });
    }

    [Fact]
    public async Task Layer_RootOfAnotherKind_IsRefused()
    {
        await using NativeAgent agent = await NativeAgent.StartAsync(new GuestSetup { Root = new DirectoryGuestRoot(_folder.Combine("root")) });
        Assert.Contains("not set up to give a layer", (await Assert.ThrowsAsync<GuestException>(() => agent.Channel.StartLayerAsync(Token))).Message, StringComparison.Ordinal);
    }

    private async Task WithAgentAsync(Func<NativeAgent, Task> work)
    {
        string image = _folder.Combine("image");
        (await Command.RunAsync("mkfs.erofs", ["--quiet", image, _folder.Combine("root")], cancellationToken: Token)).Expect();
        CommandResult loop = await Command.RunAsync("losetup", ["--show", "-r", "-f", image], cancellationToken: Token);
        if (loop.ExitCode != 0)
        {
            Assert.Skip("this host has no loop devices");
        }
        try
        {
            await using NativeAgent agent = await NativeAgent.StartAsync(
                new GuestSetup { Root = new OverlayGuestRoot(loop.Text, "erofs", "", "", GivesLayer: true), Hostname = "vm", Hosts = "127.0.0.1 localhost\n", ResolverConfiguration = "nameserver 192.0.2.1\n" });
            await work(agent);
        }
        finally
        {
            await Command.RunAsync("losetup", ["-d", loop.Text], cancellationToken: CancellationToken.None);
        }
    }

    private static async Task<byte[]> ReadAsync(NativeAgent agent)
    {
        GuestProcess layer = await agent.Channel.StartLayerAsync(Token);
        Task<byte[]> tar = NativeAgent.ReadAllAsync(layer, GuestOutput.Stdout), said = NativeAgent.ReadAllAsync(layer, GuestOutput.Stderr);
        Assert.Equal(0, (await layer.Exited.WaitAsync(Token)).ExitCode);
        Assert.Empty(await said);
        return await tar;
    }

    private static async Task<Dictionary<string, TarEntry>> EntriesAsync(byte[] tar)
    {
        Dictionary<string, TarEntry> entries = new(StringComparer.Ordinal);
        await using TarReader reader = new(new MemoryStream(tar));
        while (await reader.GetNextEntryAsync(copyData: true, Token) is { } entry)
        {
            entries.Add(entry.Name, entry);
        }
        return entries;
    }
}
