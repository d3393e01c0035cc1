using Berth.Testing;

namespace Berth.Guest.Tests;

/// <summary>Networks that change while the machine runs, as far as they can without one; the rest is in the tests of the VMM.</summary>
public sealed class NetworkTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public NetworkTests()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            Assert.Skip("needs root: the agent mounts");
        }
        Directory.CreateDirectory(_folder.Combine("root", "etc"));
        File.WriteAllText(_folder.Combine("outside"), "untouched");
    }

    private static CancellationToken Token => NativeAgent.Token;

    private string Etc(string name) => _folder.Combine("root", "etc", name);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Configure_Files_AreReplacedAtOneStrokeAndLinksNotFollowed()
    {
        await using NativeAgent agent = await NativeAgent.StartAsync(new GuestSetup { Root = new DirectoryGuestRoot(_folder.Combine("root")), Hostname = "box", Hosts = "first\n" });
        Assert.Equal("first\n", File.ReadAllText(Etc("hosts")));
        using StreamReader reading = new(Etc("hosts"));
        File.CreateSymbolicLink(Etc("resolv.conf"), _folder.Combine("outside"));
        await agent.Channel.ConfigureNetworkAsync("second\n", "nameserver 192.0.2.9\n", 0, [], Token);
        Assert.Equal(("second\n", "nameserver 192.0.2.9\n"), (File.ReadAllText(Etc("hosts")), File.ReadAllText(Etc("resolv.conf"))));
        Assert.Equal("first\n", await reading.ReadToEndAsync(Token));
        Assert.Equal("untouched", File.ReadAllText(_folder.Combine("outside")));
        await agent.Channel.ConfigureNetworkAsync("", "", 0, [], Token);
        Assert.Equal("second\n", File.ReadAllText(Etc("hosts")));
        Assert.Equal(["hostname", "hosts", "resolv.conf"], Directory.EnumerateFileSystemEntries(Etc("")).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Configure_FileThatCannotBeReplaced_SaysWhich()
    {
        await using NativeAgent agent = await NativeAgent.StartAsync(new GuestSetup { Root = new DirectoryGuestRoot(_folder.Combine("root")) });
        Directory.CreateDirectory(Etc("hosts"));
        GuestException refused = await Assert.ThrowsAsync<GuestException>(() => agent.Channel.ConfigureNetworkAsync("x\n", "", 0, [], Token));
        Assert.Contains("/etc/hosts", refused.Message, StringComparison.Ordinal);
        // The channel is as good as before.
        await agent.Channel.ConfigureNetworkAsync("", "y\n", 0, [], Token);
        Assert.Equal("y\n", File.ReadAllText(Etc("resolv.conf")));
    }

    [Fact]
    public async Task Cards_OutsideAMachine_AreRefused()
    {
        await using NativeAgent agent = await NativeAgent.StartAsync();
        await Assert.ThrowsAsync<GuestException>(() => agent.Channel.AddCardAsync(3, new GuestInterface("02:00:00:00:00:01", "eth1", 1500, [], []), Token));
        await Assert.ThrowsAsync<GuestException>(() => agent.Channel.RemoveCardAsync(3, Token));
    }
}
