using Berth.Devices.Pci;
using Berth.Machine;

namespace Berth.Devices.Tests.Pci;

public sealed class MsixTableTests
{
    private const ulong Apic = 0xFEE0_0000;

    private sealed class Routes : IMessageInterrupts
    {
        public List<string> Log { get; } = [];

        public void Send(ulong address, uint data) => Log.Add($"sent {data:x}");

        public IMessageRoute? Connect(ulong address, uint data)
        {
            Log.Add($"connected {data:x}");
            return new Route(this, data);
        }

        private sealed class Route(Routes owner, uint data) : IMessageRoute
        {
            public void Send() => owner.Log.Add($"routed {data:x}");

            public void Dispose() => owner.Log.Add($"disconnected {data:x}");
        }
    }

    private static MsixTable Table(IMessageInterrupts messages)
    {
        MsixTable table = new(2, messages);
        table.SetControl(0x8000);
        table.WriteMmio(0, 8, Apic);
        table.WriteMmio(8, 8, 0x41);
        return table;
    }

    [Fact]
    public void Raise_BackendWithRoutes_ConnectsOnceAndAgainWhenTheMessageChanges()
    {
        Routes routes = new();
        MsixTable table = Table(routes);
        table.Raise(0);
        table.Raise(0);
        table.WriteMmio(8, 4, 0x42);
        table.Raise(0);
        table.Reset();
        Assert.Equal(["connected 41", "routed 41", "routed 41", "disconnected 41", "connected 42", "routed 42", "disconnected 42"], routes.Log);
    }

    [Fact]
    public void Raise_BackendWithoutRoutes_Sends()
    {
        RecordingMessages messages = new();
        MsixTable table = Table(messages);
        table.Raise(0);
        table.Raise(1);
        Assert.Equal([(Apic, 0x41u)], messages.Sent);
    }
}
