using Berth.Devices.Chipset;

namespace Berth.Devices.Tests.Chipset;

public sealed class ApicTests
{
    private const int Icr = 0x300, IcrHigh = 0x310, Eoi = 0xB0, Esr = 0x280;

    [Fact]
    public void IoApic_EdgePin_DeliversOncePerEdge()
    {
        using var board = new Board();
        board.Enable(1);
        board.Redirect(4, 0x0100_0000_0000_0044);
        board.Router.IsaLine(4).Set(true);
        Assert.Equal(0x44, board.Cpus[1].Acknowledge());
        Assert.Equal(-1, board.Cpus[1].PendingVector);
        board.Cpus[1].WriteMmio(Eoi, 0);
        Assert.Equal(-1, board.Cpus[1].PendingVector);
        Assert.Equal(-1, board.Cpus[0].PendingVector);
    }

    [Fact]
    public void IoApic_LevelPin_ComesAgainAfterEoiWhileUp()
    {
        using var board = new Board();
        board.Enable(0);
        board.Redirect(17, 0x8055);
        var line = board.Router.Pin(17);
        var other = board.Router.Pin(17);
        line.Set(true);
        other.Set(true);
        Assert.Equal(0x55, board.Cpus[0].Acknowledge());
        line.Set(false);
        Assert.Equal(-1, board.Cpus[0].PendingVector);
        board.Cpus[0].WriteMmio(Eoi, 0);
        Assert.Equal(0x55, board.Cpus[0].Acknowledge());
        other.Set(false);
        board.Cpus[0].WriteMmio(Eoi, 0);
        Assert.Equal(-1, board.Cpus[0].PendingVector);
    }

    [Fact]
    public void IoApic_ReadOnlyBitsAndVersion()
    {
        using var board = new Board();
        board.Redirect(3, ulong.MaxValue);
        Assert.Equal(0x1AFFFUL, board.Mmio.Read(IoApic.DefaultAddress + 0x10, 4));
        board.Mmio.Write(IoApic.DefaultAddress, 4, 1);
        Assert.Equal(0x170020UL, board.Mmio.Read(IoApic.DefaultAddress + 0x10, 4));
    }

    [Fact]
    public void Priorities_HigherClassPreemptsAndTprHolds()
    {
        using var board = new Board();
        board.Enable(0);
        LocalApic apic = board.Cpus[0];
        apic.Accept(DeliveryMode.Fixed, 0x45, false);
        Assert.Equal(0x45, apic.Acknowledge());
        apic.Accept(DeliveryMode.Fixed, 0x48, false);
        Assert.Equal(-1, apic.PendingVector);
        apic.Accept(DeliveryMode.Fixed, 0x61, false);
        Assert.Equal(0x61, apic.PendingVector);
        apic.TaskPriority = 6;
        Assert.Equal(-1, apic.PendingVector);
        int before = board.Signals[0].Interrupts;
        apic.TaskPriority = 0;
        Assert.True(board.Signals[0].Interrupts > before);
        Assert.Equal(0x61, apic.Acknowledge());
        apic.WriteMmio(Eoi, 0);
        apic.WriteMmio(Eoi, 0);
        Assert.Equal(0x48, apic.Acknowledge());
    }

    [Fact]
    public void Ipi_InitStartupNmiAndShorthands_ReachTheRightProcessors()
    {
        using var board = new Board(4);
        for (int i = 0; i < 4; i++) board.Enable(i);
        LocalApic apic = board.Cpus[0];
        apic.WriteMmio(IcrHigh, 2u << 24);
        apic.WriteMmio(Icr, 0x4500);
        apic.WriteMmio(Icr, 0x8500);
        apic.WriteMmio(Icr, 0x4609);
        Assert.Equal((1, 0), (board.Signals[2].Inits, board.Signals[1].Inits));
        Assert.Equal([9], board.Signals[2].Startups);
        apic.WriteMmio(Icr, 0xC4400);
        Assert.Equal([0, 1, 1, 1], board.Signals.Select(s => s.Nmis));
        apic.WriteMmio(Icr, 0x80040);
        Assert.All(board.Cpus, c => Assert.Equal(0x40, c.Acknowledge()));
        apic.WriteMmio(Icr, 0x40051);
        Assert.Equal([0x51, -1, -1, -1], board.Cpus.Select(c => c.Acknowledge()));
    }

    [Fact]
    public void LogicalDestination_FlatAndCluster()
    {
        using var board = new Board(4);
        for (int i = 0; i < 4; i++)
        {
            board.Enable(i);
            board.Cpus[i].WriteMmio(0xD0, 1u << (24 + i));
        }
        board.Cpus[0].WriteMmio(IcrHigh, 0x0A00_0000);
        board.Cpus[0].WriteMmio(Icr, 0x0870);
        Assert.Equal([-1, 0x70, -1, 0x70], board.Cpus.Select(c => c.Acknowledge()));
        foreach (LocalApic c in board.Cpus) c.WriteMmio(0xE0, 0x0FFF_FFFF);
        board.Cpus[3].WriteMmio(0xD0, 0x1100_0000);
        board.Cpus[0].WriteMmio(IcrHigh, 0x1100_0000);
        board.Cpus[0].WriteMmio(Icr, 0x0890);
        Assert.Equal([-1, -1, -1, 0x90], board.Cpus.Select(c => c.Acknowledge()));
    }

    [Fact]
    public void X2Apic_ModeSwitchesAndRegisters()
    {
        using var board = new Board();
        LocalApic apic = board.Cpus[1];
        Assert.False(apic.TryReadRegister(2, out _));
        Assert.True(apic.TryWriteBaseMsr(apic.BaseMsr | 0x400));
        Assert.True(apic.TryReadRegister(2, out ulong id));
        Assert.Equal(1UL, id);
        Assert.True(apic.TryReadRegister(0xD, out ulong logical));
        Assert.Equal(2UL, logical);
        Assert.False(apic.TryWriteBaseMsr(apic.BaseMsr & ~0x400UL));
        Assert.True(apic.TryWriteRegister(0xF, 0x1FF));
        Assert.True(apic.TryWriteRegister(0x3F, 0x66));
        Assert.Equal(0x66, apic.Acknowledge());
        Assert.False(apic.TryWriteRegister(0x0B, 1));
        Assert.True(apic.TryWriteRegister(0x0B, 0));
        Assert.False(apic.TryWriteRegister(0x31, 0));
        board.Enable(0);
        Assert.True(apic.TryWriteRegister(0x30, 0x0000_0000_0000_0077));
        Assert.Equal(0x77, board.Cpus[0].Acknowledge());
        Assert.False(apic.TryWriteBaseMsr(1UL << 60));
    }

    [Fact]
    public void Timer_PeriodicOneShotAndDeadline()
    {
        using var board = new Board();
        board.Enable(0);
        LocalApic apic = board.Cpus[0];
        apic.WriteMmio(0x3E0, 0x0B);
        apic.WriteMmio(0x320, 0x20000 | 0xEC);
        apic.WriteMmio(0x380, 1_000_000);
        for (int i = 0; i < 3; i++)
        {
            board.Clock.Advance(board.Timers, 1_000_000);
            Assert.Equal(0xEC, apic.Acknowledge());
            apic.WriteMmio(Eoi, 0);
        }
        apic.WriteMmio(0x320, 0xED);
        apic.WriteMmio(0x3E0, 3);
        apic.WriteMmio(0x380, 1_000);
        board.Clock.Advance(board.Timers, 8_000);
        Assert.Equal(500u, apic.ReadMmio(0x390));
        Assert.Equal(-1, apic.PendingVector);
        board.Clock.Advance(board.Timers, 8_000);
        Assert.Equal(0xED, apic.Acknowledge());
        apic.WriteMmio(Eoi, 0);
        board.Clock.Advance(board.Timers, 1_000_000);
        Assert.Equal(-1, apic.PendingVector);
        apic.WriteMmio(0x320, 0x40000 | 0xEE);
        apic.TscDeadline = board.Clock.Now + 500;
        board.Clock.Advance(board.Timers, 499);
        Assert.Equal(-1, apic.PendingVector);
        board.Clock.Advance(board.Timers, 1);
        Assert.Equal(0xEE, apic.Acknowledge());
        Assert.Equal(0UL, apic.TscDeadline);
    }

    [Fact]
    public void OneShot_ThreadHeldUpBeyondItsEndWhileArming_StillFiresOnce()
    {
        using var board = new Board();
        board.Enable(0);
        LocalApic apic = board.Cpus[0];
        apic.WriteMmio(0x3E0, 0x0B);
        apic.WriteMmio(0x320, 0xED);
        board.Clock.CostOfReading = 5_000;
        apic.WriteMmio(0x380, 1_000);
        board.Clock.CostOfReading = 0;
        board.Timers.RunDue();
        Assert.Equal(0xED, apic.Acknowledge());
        apic.WriteMmio(Eoi, 0);
        apic.WriteMmio(0x320, 0xEC);
        board.Clock.Advance(board.Timers, 1_000_000);
        Assert.Equal(-1, apic.PendingVector);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void OneShot_TouchedBetweenItsEndAndTheTimersThread_StillFires(bool save)
    {
        using var board = new Board();
        board.Enable(0);
        LocalApic apic = board.Cpus[0];
        apic.WriteMmio(0x320, 0xED);
        apic.WriteMmio(0x380, 1_000);
        board.Clock.Now += 10_000;
        if (save) apic.Load(apic.Save());
        else apic.WriteMmio(0x320, 0xED);
        board.Timers.RunDue();
        Assert.Equal(0xED, apic.Acknowledge());
        apic.WriteMmio(Eoi, 0);
        board.Clock.Advance(board.Timers, 1_000_000);
        Assert.Equal(-1, apic.PendingVector);
    }

    [Fact]
    public void Errors_IllegalVector_ShowsAfterWritingTheRegister()
    {
        using var board = new Board();
        board.Enable(0);
        LocalApic apic = board.Cpus[0];
        apic.WriteMmio(Icr, 0x40005);
        Assert.Equal(0u, apic.ReadMmio(Esr));
        apic.WriteMmio(Esr, 0);
        Assert.Equal(0x20u, apic.ReadMmio(Esr));
        apic.WriteMmio(Esr, 0);
        Assert.Equal(0u, apic.ReadMmio(Esr));
    }

    [Fact]
    public void Lint0_DecidesAboutThe8259()
    {
        using var board = new Board();
        Assert.True(board.Cpus[0].AcceptsExternalInterrupts);
        Assert.False(board.Cpus[1].AcceptsExternalInterrupts);
        board.Enable(0);
        board.Cpus[0].WriteMmio(0x350, 0x10700);
        Assert.False(board.Cpus[0].AcceptsExternalInterrupts);
        board.Cpus[0].WriteMmio(0x350, 0x700);
        Assert.True(board.Cpus[0].AcceptsExternalInterrupts);
    }

    [Fact]
    public void Message_ToEveryoneAndLowestPriority()
    {
        using var board = new Board();
        board.Enable(0);
        board.Enable(1);
        board.Apics.Send(0xFEEF_F000, 0x4033);
        Assert.Equal([0x33, 0x33], board.Cpus.Select(c => c.Acknowledge()));
        board.Apics.Send(0xFEEF_F000, 0x4141);
        Assert.Single(board.Cpus, c => c.PendingVector == 0x41);
        board.Apics.Send(0x1_FEEF_F000, 0x4055);
        Assert.DoesNotContain(board.Cpus, c => c.PendingVector == 0x55);
    }
}
