namespace Berth.Engine.Instances;

/// <summary>What a terminal's size may be. See tty_ioctl(4), TIOCSWINSZ.</summary>
internal static class TerminalSizes
{
    public static void Check(int height, int width)
    {
        if (height is < 0 or > ushort.MaxValue)
            throw EngineException.Invalid($"h: invalid resize height {height}: use 0 to 65535");
        if (width is < 0 or > ushort.MaxValue)
            throw EngineException.Invalid($"w: invalid resize width {width}: use 0 to 65535");
    }
}
