namespace Berth.Devices.Tests.Chipset;

public sealed class LegacyTests
{
    [Fact]
    public void Uart_Transmit_ReachesTheSinkAndInterrupts()
    {
        using var board = new Board();
        board.InitializePic();
        board.Out(0x3FC, 0x0B);
        board.Out(0x3F9, 2);
        Assert.Equal(0x34, board.Pic.Acknowledge());
        Assert.Equal(2, board.In(0x3FA));
        Assert.Equal(1, board.In(0x3FA));
        board.Out(0x3F8, (byte)'x');
        Assert.Equal([(byte)'x'], board.Sink.Bytes);
        Assert.Equal(0x60, board.In(0x3FD));
        Assert.Equal(2, board.In(0x3FA));
    }

    [Fact]
    public void Uart_Receive_TakesWhatFitsAndTellsOfRoom()
    {
        using var board = new Board();
        int room = 0;
        board.Uart.RoomAvailable = () => room++;
        board.Out(0x3FA, 0x01);
        Assert.Equal(16, board.Uart.Receive(new byte[20].Select((_, i) => (byte)i).ToArray()));
        for (int i = 0; i < 16; i++)
        {
            Assert.Equal(0x61, board.In(0x3FD));
            Assert.Equal(i, board.In(0x3F8));
        }
        Assert.Equal(1, room);
        Assert.Equal(0x60, board.In(0x3FD));
    }

    [Fact]
    public void Uart_FewBytesBelowTrigger_TimeOut()
    {
        using var board = new Board();
        board.Out(0x3FA, 0xC1);
        board.Out(0x3F9, 1);
        board.Out(0x3FC, 8);
        board.Uart.Receive([1, 2]);
        Assert.Equal(0xC1, board.In(0x3FA));
        board.Clock.Advance(board.Timers, 1_000_000);
        Assert.Equal(0xCC, board.In(0x3FA));
    }

    [Fact]
    public void Uart_LoopbackAndDivisor_AsProbesExpect()
    {
        using var board = new Board();
        board.Out(0x3FC, 0x1A);
        Assert.Equal(0x90, board.In(0x3FE) & 0xF0);
        board.Out(0x3FB, 0x83);
        board.Out(0x3F8, 1);
        board.Out(0x3F9, 2);
        Assert.Equal((1, 2), (board.In(0x3F8), board.In(0x3F9)));
        board.Out(0x3FB, 3);
        Assert.Equal(0, board.In(0x3F9));
        Assert.Empty(board.Sink.Bytes);
        board.Out(0x3FF, 0x5A);
        Assert.Equal(0x5A, board.In(0x3FF));
    }

    [Fact]
    public void Pm_PowerButton_RaisesSciUntilCleared()
    {
        using var board = new Board();
        board.Enable(0);
        board.Redirect(9, 0x8059);
        board.Ports.Write(0x602, 2, 0x100);
        board.Pm.PressPowerButton();
        Assert.Equal(0x59, board.Cpus[0].Acknowledge());
        Assert.Equal(0x100u, board.Ports.Read(0x600, 2));
        board.Ports.Write(0x600, 2, 0x100);
        board.Cpus[0].WriteMmio(0xB0, 0);
        Assert.Equal(-1, board.Cpus[0].PendingVector);
    }

    [Fact]
    public void Pm_ClockEvent_StaysEnabled()
    {
        using var board = new Board();
        const ushort enable = 0x602;
        board.Ports.Write(enable, 2, 1 << 10);
        Assert.Equal(1u << 10, board.Ports.Read(enable, 2));
    }

    [Fact]
    public void Pm_SleepTypeFive_PowersOff()
    {
        using var board = new Board();
        Assert.Equal(1u, board.Ports.Read(0x604, 2) & 1);
        board.Ports.Write(0x604, 2, 0x2000 | 1 << 10);
        Assert.Equal(0, board.Power.Offs);
        board.Ports.Write(0x604, 2, 0x2000 | 5 << 10);
        Assert.Equal(1, board.Power.Offs);
    }

    [Fact]
    public void ResetPorts_EachWayResets()
    {
        using var board = new Board();
        board.Out(0x64, 0xFE);
        board.Out(0x92, 0x03);
        board.Reset.WriteResetControl(6);
        Assert.Equal(3, board.Power.Resets);
        Assert.Equal(2, board.In(0x92));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void EveryPortAndRegister_Garbage_NeverThrows(int seed)
    {
        using var board = new Board();
        var random = new Random(seed);
        int[] sizes = [1, 2, 4];
        ushort[] ports = [.. Enumerable.Range(0, 0x800).Select(i => (ushort)i), .. Enumerable.Range(0xCF8, 8).Select(i => (ushort)i)];
        for (int i = 0; i < 60_000; i++)
        {
            ushort port = ports[random.Next(ports.Length)];
            int size = sizes[random.Next(3)];
            if (random.Next(2) == 0) board.Ports.Write(port, size, (uint)random.Next());
            else board.Ports.Read(port, size);
            ulong register = IoApicAddress(random);
            if (random.Next(2) == 0) board.Mmio.Write(register, 4, (ulong)random.NextInt64());
            else board.Mmio.Read(register, 8);
            var apic = board.Cpus[random.Next(2)];
            switch (random.Next(6))
            {
                case 0: apic.WriteMmio(random.Next(0x1000), (uint)random.Next()); break;
                case 1: apic.ReadMmio(random.Next(0x1000)); break;
                case 2: apic.TryWriteRegister(random.Next(0x100), (ulong)random.NextInt64() >> random.Next(64)); break;
                case 3: apic.TryReadRegister(random.Next(0x100), out _); break;
                case 4: apic.TryWriteBaseMsr(0xFEE0_0000UL | (ulong)random.Next(16) << 8); break;
                default: apic.Acknowledge(); break;
            }
            apic.TscDeadline = (ulong)random.NextInt64();
            board.Pic.Acknowledge();
            board.Uart.Receive([1, 2, 3]);
            board.Clock.Now += (ulong)random.Next(10_000);
            if (i % 16 == 0) board.Timers.RunDue();
        }
    }

    private static ulong IoApicAddress(Random random) =>
        Devices.Chipset.IoApic.DefaultAddress + (ulong)(random.Next(2) == 0 ? random.Next(0x40) & ~3 : random.Next(0x1000));
}
