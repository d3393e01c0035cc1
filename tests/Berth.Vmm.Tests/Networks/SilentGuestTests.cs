using System.Buffers.Binary;
using System.Net.Sockets;
using Berth.Cpu;
using Berth.Devices.Virtio;
using Berth.Guest;
using Berth.Machine;
using Berth.Testing;
using Berth.Vmm.Boards;
using Berth.Vmm.Clients;
using Berth.Vmm.Control;
using Berth.Vmm.Networks;
using Berth.Vmm.Serial;

namespace Berth.Vmm.Tests.Networks;

/// <summary>A guest that does not answer, or too late. The board stands still; the agent is the test's.</summary>
public sealed class SilentGuestTests : IAsyncDisposable
{
    private const int Header = 12, AddCard = 11, RemoveCard = 12, Greeting = 129, Done = 140;

    private static readonly TimeSpan s_short = TimeSpan.FromMilliseconds(50), s_long = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _folder = new();
    private readonly MachineAccess _access;
    private readonly MachineNetworks _networks;
    private readonly Board _board;
    private readonly Socket _agent;
    private readonly Task<GuestChannel> _channel;
    private GuestChannel? _open;
    private bool _boardIsGone;

    public SilentGuestTests()
    {
        _access = new MachineAccess(new SerialConsole(new ConsoleLog(_folder.Combine("console"))));
        MachineConfig config = new()
        {
            Id = "test",
            Memory = 16 << 20,
            Cpus = 1,
            Kernel = "",
            Initrd = "",
            ConsoleLog = "",
            ControlSocket = "",
            Workload = new() { Args = ["true"] },
        };
        _networks = new MachineNetworks(config, _access) { BootPatience = TimeSpan.FromMilliseconds(200) };
        (_board, _) = _networks.BootAsync(config, static cards => new Board(new SoftwareHypervisor(), new GuestMemory(16 << 20), 1, new()
        {
            Serial = new SilentSink(),
            AgentPort = new VirtioConsolePort("berth.agent", new SilentSink()),
            Networks = cards,
        })).GetAwaiter().GetResult();
        using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(_folder.Combine("agent")));
        listener.Listen(1);
        Socket host = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        host.Connect(new UnixDomainSocketEndPoint(_folder.Combine("agent")));
        _agent = listener.Accept();
        _channel = GuestChannel.ConnectAsync(new NetworkStream(host, ownsSocket: true));
    }

    private static NetworkCardConfig Card => new(0, "02:42:00:00:00:07", "eth0", 1500, [], []);

    private int Devices => _board.Pci.Functions.Count(static f => f is not null);

    public async ValueTask DisposeAsync()
    {
        if (_open is not null) await _open.DisposeAsync();
        _agent.Dispose();
        _networks.Dispose();
        if (!_boardIsGone) _board.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Plug_NotBooted_NothingIsLeft()
    {
        int before = Devices;
        using WireEnds wire = new();
        IOException refused = Assert.Throws<IOException>(() => _networks.Plug(Card, wire.TakeCardEnd()));
        Assert.Contains("not booted", refused.Message, StringComparison.Ordinal);
        Assert.True(wire.IsCut());
        Assert.Equal(before, Devices);
    }

    [Fact]
    public async Task Plug_NoAnswer_WireIsCutAndTheSlotIsFreedWhenTheGuestIsBack()
    {
        await BootAsync();
        int before = Devices;
        using WireEnds wire = new(), second = new();
        _networks.AnswerPatience = s_short;
        IOException refused = Assert.Throws<IOException>(() => _networks.Plug(Card, wire.TakeCardEnd()));
        _networks.AnswerPatience = s_long;
        Assert.Contains("did not", refused.Message, StringComparison.Ordinal);
        Assert.True(wire.IsCut());
        // The guest may be at the card: its registers must not vanish under it.
        Assert.Equal(before + 1, Devices);
        Assert.Empty(_networks.Configs);

        (int type, uint late, byte slot) = Next();
        Assert.Equal(AddCard, type);
        Answer(late);
        Task plug = Task.Run(() => _networks.Plug(Card, second.TakeCardEnd()), TestMachine.Token);
        (type, uint id, byte freed) = Next();
        Assert.Equal((RemoveCard, slot), (type, freed));
        Answer(id);
        (type, id, byte again) = Next();
        Assert.Equal((AddCard, slot), (type, again));
        Answer(id);
        await plug;
        Assert.Equal(before + 1, Devices);
        Assert.Equal("eth0", Assert.Single(_networks.Configs).Name);
    }

    [Fact]
    public async Task Unplug_NoAnswer_WireIsCutAllTheSame()
    {
        await BootAsync();
        using WireEnds wire = new();
        Task plug = Task.Run(() => _networks.Plug(Card, wire.TakeCardEnd()), TestMachine.Token);
        Answer(Next().Id);
        await plug;
        _networks.AnswerPatience = s_short;
        Assert.Throws<IOException>(() => _networks.Unplug("eth0"));
        Assert.True(wire.IsCut());
        Assert.Empty(_networks.Configs);
    }

    [Fact]
    public async Task Plug_BoardEndsMeanwhile_FailsAndTheBoardGoesInOrder()
    {
        await BootAsync();
        using WireEnds wire = new();
        Task plug = Task.Run(() => _networks.Plug(Card, wire.TakeCardEnd()), TestMachine.Token);
        Next();
        await _open!.DisposeAsync();
        _board.Dispose();
        _boardIsGone = true;
        await Assert.ThrowsAnyAsync<IOException>(() => plug);
        Assert.True(wire.IsCut());
        Assert.Throws<IOException>(() => _board.Add(new VirtioEntropy()));
    }

    private async Task BootAsync()
    {
        Next();
        byte[] greeting = [16, 0, 0, 0, Greeting, 0, 0, 0, 0, 0, 0, 0, .. "BRTH"u8, 4, 0, 0, 0, 4, 0, 0, 0, .. "test"u8];
        _agent.Send(greeting);
        _access.Ready(_open = await _channel);
    }

    private (int Type, uint Id, byte Slot) Next()
    {
        byte[] header = Exactly(Header);
        byte[] payload = Exactly(BinaryPrimitives.ReadInt32LittleEndian(header));
        return (header[4], BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(8)), payload[0]);
    }

    private byte[] Exactly(int count)
    {
        byte[] bytes = new byte[count];
        for (int at = 0; at < count;)
        {
            int got = _agent.Receive(bytes.AsSpan(at));
            Assert.NotEqual(0, got);
            at += got;
        }
        return bytes;
    }

    private void Answer(uint id)
    {
        byte[] frame = new byte[Header];
        frame[4] = Done;
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(8), id);
        _agent.Send(frame);
    }
}
