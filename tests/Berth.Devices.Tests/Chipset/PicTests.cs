namespace Berth.Devices.Tests.Chipset;

public sealed class PicTests
{
    [Fact]
    public void Acknowledge_EdgeOnSlave_GivesItsVectorAndBlocksUntilEoi()
    {
        using var board = new Board();
        board.InitializePic();
        board.Pic.SetLine(8, true);
        Assert.True(board.Pic.IsPending);
        Assert.Equal(0x38, board.Pic.Acknowledge());
        board.Pic.SetLine(8, false);
        board.Pic.SetLine(8, true);
        Assert.False(board.Pic.IsPending);
        board.Out(0xA0, 0x20);
        board.Out(0x20, 0x20);
        Assert.True(board.Pic.IsPending);
    }

    [Fact]
    public void Acknowledge_TwoLines_HigherPriorityFirst()
    {
        using var board = new Board();
        board.InitializePic();
        board.Pic.SetLine(4, true);
        board.Pic.SetLine(1, true);
        Assert.Equal(0x31, board.Pic.Acknowledge());
        Assert.False(board.Pic.IsPending);
        board.Out(0x20, 0x61);
        Assert.Equal(0x34, board.Pic.Acknowledge());
    }

    [Fact]
    public void Acknowledge_RequestGone_GivesSpuriousVector()
    {
        using var board = new Board();
        board.InitializePic();
        board.Pic.SetLine(4, true);
        board.Pic.SetLine(4, false);
        Assert.False(board.Pic.IsPending);
        Assert.Equal(0x37, board.Pic.Acknowledge());
        board.Out(0x20, 0x0B);
        Assert.Equal(0, board.In(0x20));
    }

    [Fact]
    public void Mask_ReadsBackAndHoldsRequests()
    {
        using var board = new Board();
        board.InitializePic();
        board.Out(0x21, 0xEF);
        board.Out(0x21, 0xFF);
        board.Pic.SetLine(4, true);
        Assert.False(board.Pic.IsPending);
        Assert.Equal(0xFF, board.In(0x21));
        board.Out(0x21, 0xEF);
        Assert.Equal(0x34, board.Pic.Acknowledge());
    }

    [Fact]
    public void LevelLine_StillUpAfterEoi_InterruptsAgain()
    {
        using var board = new Board();
        board.Out(0x4D0, 0x20);
        board.InitializePic();
        Assert.Equal(0x20, board.In(0x4D0));
        board.Pic.SetLine(5, true);
        Assert.Equal(0x35, board.Pic.Acknowledge());
        board.Out(0x20, 0x20);
        Assert.True(board.Pic.IsPending);
        board.Pic.SetLine(5, false);
        Assert.False(board.Pic.IsPending);
    }

    [Fact]
    public void AutoEoi_DoesNotBlock()
    {
        using var board = new Board();
        board.Out(0x20, 0x11);
        board.Out(0x21, 0x30);
        board.Out(0x21, 0x04);
        board.Out(0x21, 0x03);
        board.Pic.SetLine(0, true);
        Assert.Equal(0x30, board.Pic.Acknowledge());
        board.Pic.SetLine(0, false);
        board.Pic.SetLine(0, true);
        Assert.Equal(0x30, board.Pic.Acknowledge());
    }
}
