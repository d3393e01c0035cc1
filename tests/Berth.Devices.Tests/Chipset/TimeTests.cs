using Berth.Devices.Timing;

namespace Berth.Devices.Tests.Chipset;

public sealed class TimeTests
{
    [Fact]
    public void Pit_Mode2_TicksAtItsRate()
    {
        using var board = new Board();
        board.InitializePic();
        board.Out(0x43, 0x34);
        board.Out(0x40, 0x9C);
        board.Out(0x40, 0x2E);
        int ticks = 0;
        for (int i = 0; i < 1000; i++)
        {
            board.Clock.Advance(board.Timers, 1_000_000);
            if (!board.Pic.IsPending) continue;
            Assert.Equal(0x30, board.Pic.Acknowledge());
            board.Out(0x20, 0x20);
            ticks++;
        }
        Assert.InRange(ticks, 99, 101);
    }

    /// <summary>The one-shot modes, as kernels program their clock event, with a host that is exactly on time.</summary>
    [Theory]
    [InlineData(0x30)]
    [InlineData(0x38)]
    public void Pit_OneShot_InterruptsOncePerCount(byte mode)
    {
        using var board = new Board();
        board.InitializePic();
        board.Out(0x43, mode);
        board.Pic.SetLine(0, false);
        for (int i = 0; i < 20; i++)
        {
            board.Out(0x40, (byte)(100 + i));
            board.Out(0x40, 1);
            board.Clock.Advance(board.Timers, 200_000);
            Assert.False(board.Pic.IsPending);
            board.Clock.Advance(board.Timers, 200_000);
            Assert.True(board.Pic.IsPending);
            Assert.Equal(0x30, board.Pic.Acknowledge());
            board.Out(0x20, 0x20);
            board.Clock.Advance(board.Timers, 10_000_000);
            Assert.False(board.Pic.IsPending);
        }
    }

    [Fact]
    public void Pit_Channel2Mode0_OutputRisesAfterTheCount()
    {
        using var board = new Board();
        board.Out(0x61, 1);
        board.Out(0x43, 0xB0);
        // Linux calibrates with 50 ms.
        ushort latch = 1_193_182 / 20;
        board.Out(0x42, (byte)latch);
        board.Out(0x42, (byte)(latch >> 8));
        ulong start = board.Clock.Now;
        while ((board.In(0x61) & 0x20) == 0) board.Clock.Now += 1_000;
        Assert.InRange(board.Clock.Now - start, 49_990_000UL, 50_010_000UL);
    }

    [Fact]
    public void Pit_Channel2_CountsDownInOrderOfBytes()
    {
        using var board = new Board();
        board.Out(0x61, 1);
        board.Out(0x43, 0xB0);
        board.Out(0x42, 0xFF);
        board.Out(0x42, 0xFF);
        board.Clock.Now += 838_096 * 3;
        int first = board.In(0x42) | board.In(0x42) << 8;
        Assert.InRange(first, 0xFFFF - 3_001, 0xFFFF - 2_999);
    }

    [Fact]
    public void Pit_GateLow_HoldsTheCount()
    {
        using var board = new Board();
        board.Out(0x61, 1);
        board.Out(0x43, 0xB0);
        board.Out(0x42, 0xFF);
        board.Out(0x42, 0xFF);
        board.Clock.Now += 1_000_000;
        board.Out(0x61, 0);
        int held = board.In(0x42) | board.In(0x42) << 8;
        board.Clock.Now += 5_000_000;
        Assert.Equal(held, board.In(0x42) | board.In(0x42) << 8);
        board.Out(0x61, 1);
        Assert.InRange(board.In(0x42) | board.In(0x42) << 8, held - 2, held + 1);
    }

    [Fact]
    public void Pit_ReadBack_LatchesStatusThenCount()
    {
        using var board = new Board();
        board.Out(0x43, 0x36);
        board.Out(0x40, 0);
        board.Out(0x40, 0);
        board.Out(0x43, 0xC2);
        Assert.Equal(0xB6, board.In(0x40));
        int count = board.In(0x40) | board.In(0x40) << 8;
        Assert.True(count is 0 or > 0xFF00);
    }

    [Fact]
    public void Refresh_Toggles()
    {
        using var board = new Board();
        int before = board.In(0x61) & 0x10;
        board.Clock.Now += 15_085;
        Assert.NotEqual(before, board.In(0x61) & 0x10);
    }

    [Fact]
    public void PmTimer_CountsAtItsRate()
    {
        using var board = new Board();
        uint before = board.Ports.Read(0x608, 4);
        board.Clock.Now += 1_000_000_000;
        Assert.InRange(board.Ports.Read(0x608, 4) - before, 3_579_544u, 3_579_546u);
    }

    [Fact]
    public void Rtc_ShowsWallClockInBcd()
    {
        using var board = new Board();
        Assert.Equal([0x58, 0x59, 0x23, 0x28, 0x02, 0x26, 0x20], new byte[] { 0, 2, 4, 7, 8, 9, 0x32 }.Select(r => Cmos(board, r)));
        board.Clock.Now += 3_000_000_000;
        Assert.Equal([0x01, 0x00, 0x00, 0x01, 0x03], new byte[] { 0, 2, 4, 7, 8 }.Select(r => Cmos(board, r)));
    }

    [Fact]
    public void Rtc_SetInBinaryTwelveHours_RunsOnFromThere()
    {
        using var board = new Board();
        SetCmos(board, 11, 0x84);
        foreach ((byte register, byte value) in new (byte, byte)[] { (0, 30), (2, 15), (4, 0x80 | 3), (7, 4), (8, 7), (9, 99), (0x32, 19) }) SetCmos(board, register, value);
        SetCmos(board, 11, 0x04);
        board.Clock.Now += 2_000_000_000;
        Assert.Equal([32, 15, 0x83, 4, 7, 99, 19], new byte[] { 0, 2, 4, 7, 8, 9, 0x32 }.Select(r => Cmos(board, r)));
    }

    [Fact]
    public void Rtc_PeriodicInterrupt_ComesAndIsClearedByReadingC()
    {
        using var board = new Board();
        board.InitializePic();
        SetCmos(board, 10, 0x26);
        SetCmos(board, 11, 0x42);
        board.Clock.Advance(board.Timers, 1_000_000);
        Assert.Equal(0x38, board.Pic.Acknowledge());
        Assert.Equal(0xC0, Cmos(board, 12));
        Assert.Equal(0, Cmos(board, 12));
    }

    [Fact]
    public void Rtc_Alarm_MatchesWildcards()
    {
        using var board = new Board();
        SetCmos(board, 1, 0x01);
        SetCmos(board, 3, 0xFF);
        SetCmos(board, 5, 0xFF);
        SetCmos(board, 11, 0x22);
        board.Clock.Advance(board.Timers, 1_500_000_000);
        Assert.Equal(0, Cmos(board, 12) & 0x20);
        board.Clock.Advance(board.Timers, 2_000_000_000);
        Assert.Equal(0xA0, Cmos(board, 12) & 0xA0);
    }

    [Fact]
    public void Timers_RearmedOften_KeepOneDeadline()
    {
        var clock = new ManualClock();
        using var timers = new DeviceTimers(clock);
        int calls = 0;
        DeviceTimer timer = timers.CreateTimer(() => calls++);
        for (ulong i = 0; i < 10_000; i++) timer.Arm(clock.Now + 5_000 + i);
        clock.Advance(timers, 100_000);
        Assert.Equal(1, calls);
        timer.Arm(clock.Now + 1);
        timer.Disarm();
        clock.Advance(timers, 100_000);
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task Timers_Started_RunCallbacksOnTheirThread()
    {
        using var timers = new DeviceTimers(new Berth.Machine.GuestClock(TimeProvider.System));
        timers.Start();
        var done = new TaskCompletionSource<ulong>(TaskCreationOptions.RunContinuationsAsynchronously);
        ulong deadline = timers.Now + 3_000_000;
        timers.CreateTimer(() => done.SetResult(timers.Now)).Arm(deadline);
        Assert.True(await done.Task.WaitAsync(TestContext.Current.CancellationToken) >= deadline);
    }

    private static byte Cmos(Board board, byte register)
    {
        board.Out(0x70, register);
        return board.In(0x71);
    }

    private static void SetCmos(Board board, byte register, byte value)
    {
        board.Out(0x70, register);
        board.Out(0x71, value);
    }
}
