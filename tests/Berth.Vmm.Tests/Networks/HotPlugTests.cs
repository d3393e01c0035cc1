using System.Buffers.Binary;
using Berth.Linux;
using Berth.Testing;
using Berth.Vmm.Control;

namespace Berth.Vmm.Tests.Networks;

/// <summary>Network cards that come and go under Debian's kernel.</summary>
public sealed class HotPlugTests(RunningMachine running) : IClassFixture<RunningMachine>
{
    private const int Patience = 180_000;
    private const string Mac = "02:42:00:00:00:07", Peer = "02420000aaaa";

    private static NetworkCardConfig Card(string name = "eth0") => new(0, Mac, name, 1400, ["10.77.0.2/24", "fd77::2/64"], ["10.77.0.1"]);

    private string Socket => running.Machine.ControlSocket;

    private async Task<string> Shell(string command)
    {
        CommandResult result = await running.ShellAsync(command);
        Assert.True(result.ExitCode == 0, $"{command}: {result.Output}{result.Error}{await File.ReadAllTextAsync(running.Machine.ConsoleLog, TestMachine.Token)}");
        return result.Output.TrimEnd();
    }

    private Task Unplug(string name) => ControlSocket.UnplugAsync(Socket, name, TestMachine.Token);

    private async Task<WireEnds> PlugAsync(NetworkCardConfig card)
    {
        WireEnds wire = new();
        try
        {
            using FileDescriptor tap = wire.TakeCardEnd();
            await ControlSocket.PlugAsync(Socket, card, tap, TestMachine.Token);
            return wire;
        }
        catch
        {
            wire.Dispose();
            throw;
        }
    }

    [Fact(Timeout = Patience)]
    public async Task Plug_CardAndUnplug_AddressesRoutesFramesBothWaysAndNothingLeft()
    {
        string before = await Shell("ls /sys/bus/pci/devices");
        using WireEnds wire = await PlugAsync(Card());
        string address = await Shell("ip addr show eth0");
        Assert.Contains("mtu 1400", address, StringComparison.Ordinal);
        Assert.Contains("inet 10.77.0.2/24", address, StringComparison.Ordinal);
        Assert.Contains("inet6 fd77::2/64", address, StringComparison.Ordinal);
        Assert.Contains(Mac, address, StringComparison.Ordinal);
        Assert.Contains("default via 10.77.0.1 dev eth0", await Shell("ip route"), StringComparison.Ordinal);
        Assert.Equal("1", await Shell("ls -d /sys/class/net/eth0/device/../msi_irqs | wc -l"));
        Task<string> ping = Shell("ping -c 1 -W 1 10.77.0.1 >/dev/null; grep 10.77.0.1 /proc/net/arp");
        AnswerArp(wire);
        Assert.Contains("02:42:00:00:aa:aa", await ping, StringComparison.Ordinal);

        await Unplug("eth0");
        Assert.True(wire.IsCut());
        Assert.Equal("lo", await Shell("ls /sys/class/net"));
        Assert.Equal(before, await Shell("ls /sys/bus/pci/devices"));
        Assert.Equal("", await Shell("ip route"));
        await Unplug("eth0"); // none of that name: as wanted
    }

    /// <summary>The slot, the name and the address are used again and again, while frames come in and go out and both processors are at work.</summary>
    [Fact(Timeout = Patience)]
    public async Task PlugAndUnplug_AgainAndAgainUnderTraffic_TheKernelSaysNothing()
    {
        Task<CommandResult> busy = running.ShellAsync("while [ ! -e /tmp/over ]; do ping -c 3 -i 0.01 -W 1 10.77.0.9 >/dev/null 2>&1; done");
        for (int i = 0; i < 12; i++)
        {
            using WireEnds wire = await PlugAsync(Card());
            for (int frame = 0; frame < 50; frame++) wire.Send(Broadcast(frame));
            Assert.NotEmpty(wire.Receive());
            await Unplug("eth0");
            Assert.True(wire.IsCut());
        }
        await Shell("touch /tmp/over");
        await busy;
        string console = await File.ReadAllTextAsync(running.Machine.ConsoleLog, TestMachine.Token);
        Assert.DoesNotContain("Call Trace", console, StringComparison.Ordinal);
        Assert.DoesNotContain("WARNING", console, StringComparison.Ordinal);
        Assert.DoesNotContain("nobody cared", console, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task Plug_GuestWithoutADriverForIt_IsRolledBackAndWorksLater()
    {
        string before = await Shell("ls /sys/bus/pci/devices; echo 0 >/sys/bus/virtio/drivers_autoprobe");
        WireEnds wire = new();
        using (FileDescriptor tap = wire.TakeCardEnd())
        {
            IOException refused = await Assert.ThrowsAsync<IOException>(() => ControlSocket.PlugAsync(Socket, Card(), tap, TestMachine.Token));
            Assert.Contains("cannot find the network card eth0", refused.Message, StringComparison.Ordinal);
        }
        Assert.True(wire.IsCut());
        Assert.Equal(before, await Shell("ls /sys/bus/pci/devices; echo 1 >/sys/bus/virtio/drivers_autoprobe"));
        using WireEnds second = await PlugAsync(Card());
        await Unplug("eth0");
    }

    [Fact(Timeout = Patience)]
    public async Task Plug_AddressThatIsNone_GuestLetsGoOfTheCard()
    {
        await Assert.ThrowsAsync<IOException>(() => PlugAsync(Card() with { Addresses = ["nonsense"] }));
        Assert.Equal("lo", await Shell("ls /sys/class/net"));
        using WireEnds second = await PlugAsync(Card());
        await Unplug("eth0");
    }

    [Theory(Timeout = Patience)]
    [InlineData("", Mac, 1400)]
    [InlineData("a-name-that-is-too-long", Mac, 1400)]
    [InlineData("eth0", "nonsense", 1400)]
    [InlineData("eth0", "02:42", 1400)]
    [InlineData("eth0", Mac, 20)]
    [InlineData("eth0", Mac, 100_000)]
    public async Task Plug_CardThatCannotBe_IsRefusedByItsField(string name, string mac, int mtu)
    {
        IOException refused = await Assert.ThrowsAsync<IOException>(() => PlugAsync(new(0, mac, name, mtu, [], [])));
        Assert.StartsWith("networks: ", refused.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Patience)]
    public async Task Plug_TwiceByOneName_TheSecondReplacesTheFirst()
    {
        using WireEnds first = await PlugAsync(Card()), second = await PlugAsync(Card() with { Addresses = ["10.77.0.5/24"] });
        Assert.True(first.IsCut());
        Assert.Contains("inet 10.77.0.5/24", await Shell("ip addr show eth0"), StringComparison.Ordinal);
        await Unplug("eth0");
        Assert.Equal("lo", await Shell("ls /sys/class/net"));
    }

    [Fact(Timeout = Patience)]
    public async Task Configure_FilesAndGateway_AreTheGuests()
    {
        using WireEnds wire = await PlugAsync(Card() with { Gateways = [] });
        Assert.DoesNotContain("default", await Shell("ip route"), StringComparison.Ordinal);
        for (int twice = 0; twice < 2; twice++)
            await ControlSocket.ConfigureAsync(Socket, "10.77.0.2\tguest\n", "nameserver 10.77.0.1\n", "eth0", ["10.77.0.1"], TestMachine.Token);
        Assert.Contains("default via 10.77.0.1 dev eth0", await Shell("ip route"), StringComparison.Ordinal);
        Assert.Equal("10.77.0.2\tguest\nnameserver 10.77.0.1", await Shell("cat /etc/hosts /etc/resolv.conf"));
        await Unplug("eth0");
    }

    [Fact(Timeout = Patience)]
    public async Task Reset_FromInside_KeepsTheCardsOfNow()
    {
        await using TestMachine machine = await TestMachine.StartAsync(["sh", "-c", "echo up; ip -o -4 addr show dev eth3; [ -e /root/again ] && exit 4; touch /root/again; sync; sleep 100000"]);
        Assert.Equal("up", await machine.Process.StandardOutput.ReadLineAsync(TestMachine.Token));
        using WireEnds wire = new();
        using (FileDescriptor tap = wire.TakeCardEnd()) await ControlSocket.PlugAsync(machine.ControlSocket, Card("eth3"), tap, TestMachine.Token);
        await Command.RunAsync(TestMachine.Program, ["exec", machine.ControlSocket, "{\"args\":[\"sh\",\"-c\",\"echo b >/proc/sysrq-trigger\"],\"env\":[\"PATH=/bin\"]}"], null, null, TestMachine.Token);
        CommandResult end = await machine.ToEndAsync();
        Assert.Equal(4, end.ExitCode);
        Assert.Contains("10.77.0.2/24", end.Output, StringComparison.Ordinal);
    }

    // Ethernet: destination, source, type.
    private static byte[] Broadcast(int number)
    {
        byte[] frame = new byte[64];
        frame.AsSpan(0, 6).Fill(0xFF);
        Convert.FromHexString(Peer).CopyTo(frame, 6);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), 0x88B5); // for experiments
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(14), number);
        return frame;
    }

    // RFC 826: who has 10.77.0.1?
    private static void AnswerArp(WireEnds wire)
    {
        while (true)
        {
            byte[] asked = wire.Receive();
            Assert.NotEmpty(asked);
            if (asked.Length < 42 || BinaryPrimitives.ReadUInt16BigEndian(asked.AsSpan(12)) != 0x0806 || asked[41] != 1) continue;
            byte[] answer = new byte[42];
            byte[] mac = Convert.FromHexString(Peer);
            asked.AsSpan(6, 6).CopyTo(answer);
            mac.CopyTo(answer, 6);
            asked.AsSpan(12, 8).CopyTo(answer.AsSpan(12));
            answer[21] = 2;
            mac.CopyTo(answer, 22);
            asked.AsSpan(38, 4).CopyTo(answer.AsSpan(28));
            asked.AsSpan(22, 10).CopyTo(answer.AsSpan(32));
            wire.Send(answer);
            return;
        }
    }
}
