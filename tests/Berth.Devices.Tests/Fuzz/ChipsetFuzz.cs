using Berth.Devices.Chipset;
using Berth.Devices.Tests.Chipset;

namespace Berth.Devices.Tests.Fuzz;

public sealed class ChipsetFuzz
{
    // The fastest timers tick each 100 or 122 microseconds; six of them, with what one write may add.
    private const int MostTicksPerMillisecond = 100;

    private static readonly Dictionary<string, (int First, int Count)[]> s_ports = new()
    {
        ["pic"] = [(0x20, 2), (0xA0, 2), (0x4D0, 2)],
        ["pit"] = [(0x40, 4), (0x61, 1)],
        ["rtc"] = [(0x70, 2)],
        ["uart"] = [(0x3F8, 8)],
        ["pm"] = [(PlatformMap.AcpiPort, AcpiPm.Length)],
        ["reset"] = [(0x60, 1), (0x64, 1), (0x92, 1), (0x80, 1)],
        ["all"] = [(0, 0x10000), (0x20, 2), (0x40, 4), (0x61, 1), (0x70, 2), (0x3F8, 8), (PlatformMap.AcpiPort, AcpiPm.Length)],
    };

    [Theory]
    [InlineData("pic", 1)]
    [InlineData("pit", 2)]
    [InlineData("rtc", 3)]
    [InlineData("uart", 4)]
    [InlineData("pm", 5)]
    [InlineData("reset", 6)]
    [InlineData("all", 7)]
    public void Ports_RandomAccesses_KeepTheirRules(string device, int salt)
    {
        Random random = FuzzRun.Random(salt);
        using var board = new Board();
        (int First, int Count)[] ranges = s_ports[device];
        for (int i = FuzzRun.Rounds(20_000); i > 0; i--)
        {
            (int first, int count) = ranges[random.Next(ranges.Length)];
            var port = (ushort)(first + random.Next(count));
            int size = random.PortSize();
            if (random.Next(3) == 0) Assert.True(size == 4 || board.Ports.Read(port, size) >> (8 * size) == 0);
            else board.Ports.Write(port, size, (uint)random.Value());
            Disturb(board, random);
            CheckPic(board);
            CheckUart(board);
        }
    }

    [Fact]
    public void IoApic_RandomAccesses_SendOnlyInterrupts()
    {
        Random random = FuzzRun.Random(8);
        var messages = new RecordingMessages();
        var io = new IoApic(messages);
        for (int i = FuzzRun.Rounds(50_000); i > 0; i--)
        {
            ulong offset = random.Next(4) == 0 ? (ulong)random.Next((int)IoApic.Length) : (ulong)random.Next(5) * 0x10;
            switch (random.Next(5))
            {
                case 0: io.ReadMmio(offset, random.MemorySize()); break;
                case 1: io.SetPin(random.Next(IoApic.PinCount), random.Next(2) == 0); break;
                case 2: io.EndOfInterrupt((byte)random.Next(256)); break;
                default: io.WriteMmio(offset, random.MemorySize(), random.Value()); break;
            }
            Assert.True(messages.Sent.Count <= IoApic.PinCount, "One access sent more than each pin once.");
            Assert.All(messages.Sent, m => Assert.Equal(0xFEE0_0000UL, m.Address & ~0xF_FFFFUL));
            messages.Sent.Clear();
        }
        // Whatever was written, the table goes on working.
        io.Reset();
        io.SetPin(3, false);
        io.WriteMmio(0, 4, 0x16);
        io.WriteMmio(0x10, 4, 0x45);
        io.SetPin(3, true);
        Assert.Equal([(0xFEE0_0000UL, 0x45u)], messages.Sent);
    }

    [Theory]
    [InlineData(false, 9)]
    [InlineData(true, 10)]
    public void LocalApic_RandomAccesses_KeepTheirRules(bool x2Apic, int salt)
    {
        Random random = FuzzRun.Random(salt);
        using var board = new Board(4);
        foreach (LocalApic cpu in board.Cpus)
        {
            cpu.WriteMmio(0xF0, 0x1FF);
            if (x2Apic) Assert.True(cpu.TryWriteBaseMsr(cpu.BaseMsr | 0x400));
        }
        for (int i = FuzzRun.Rounds(50_000); i > 0; i--)
        {
            LocalApic cpu = board.Cpus[random.Next(4)];
            int register = random.Next(3) == 0 ? random.Next(0x400) : random.Next(0x40);
            ulong value = random.Value();
            switch (random.Next(8))
            {
                case 0: cpu.TryReadRegister(register, out _); break;
                case 1: cpu.ReadMmio(random.Next(0x1000)); break;
                case 2: cpu.TryWriteRegister(register, value >> (random.Next(2) * 32)); break;
                case 3: cpu.WriteMmio(register << 4, (uint)value); break;
                case 4: cpu.TscDeadline = random.Next(2) == 0 ? value : board.Clock.Now + value % 2_000_000; break;
                case 5: cpu.TaskPriority = (byte)random.Next(16); break;
                case 6: board.Apics.Send(0xFEE0_0000 | value & 0xF_FFFF, (uint)(value >> 32)); break;
                default:
                    if (random.Next(50) == 0) cpu.TryWriteBaseMsr(random.Next(2) == 0 ? value : cpu.BaseMsr ^ (0x400UL << random.Next(2)));
                    break;
            }
            Disturb(board, random);
            int pending = cpu.PendingVector;
            Assert.InRange(pending, -1, 255);
            Assert.NotInRange(pending, 0, 15);
            if (random.Next(2) == 0) Assert.Equal(pending, cpu.Acknowledge());
        }
    }

    // What happens around a guest at the same time: time, wires, input, acknowledges.
    private static void Disturb(Board board, Random random)
    {
        switch (random.Next(8))
        {
            case 0: board.Pic.SetLine(random.Next(16), random.Next(2) == 0); break;
            case 1: board.Uart.Receive(new byte[random.Next(20)]); break;
            case 2: board.Uart.ReceiveBreak(); break;
            case 3: board.Pm.RaiseEvent(random.Next(16)); break;
            case 4 when board.Pic.IsPending: board.Pic.Acknowledge(); break;
            case 5: PassTime(board, (ulong)random.Next(1_000_000)); break;
        }
        board.Sink.Bytes.Clear();
    }

    private static void PassTime(Board board, ulong nanoseconds)
    {
        ulong end = board.Clock.Now + nanoseconds;
        for (int ticks = 0; board.Timers.RunDue() is { } next && next <= end; ticks++)
        {
            Assert.True(ticks < MostTicksPerMillisecond, "Timers keep the host busy.");
            board.Clock.Now = Math.Max(board.Clock.Now, next);
        }
        board.Clock.Now = end;
    }

    private static void CheckPic(Board board)
    {
        Pic.Registers s = board.Pic.State;
        Assert.Equal(0, s.Master.Level & 0x07);
        Assert.Equal(0, s.Slave.Level & 0x21);
        // A chip in the middle of its initialization interrupts nobody.
        if (s.Master.Step != 0) Assert.False(board.Pic.IsPending);
        if (board.Pic.IsPending) Assert.NotEqual(0, s.Master.Request & ~s.Master.Mask);
    }

    private static void CheckUart(Board board)
    {
        Uart16550.Registers s = board.Uart.State;
        Assert.InRange(s.Count, 0, 16);
        Assert.True(s.Count == 16 || s.Bytes >> (8 * s.Count) == 0);
    }
}
