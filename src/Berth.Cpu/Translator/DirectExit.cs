namespace Berth.Cpu.Translator;

/// <summary>A jump to a known guest address, patched when its target has been translated.</summary>
internal struct DirectExit
{
    public ulong Target;

    /// <summary>Place of the jump's distance, of the page number it is guarded by (or 0), and where it goes while not linked.</summary>
    public nint Jump, Check, Stub;

    public FlagPlace Place;
    public bool Polled;

    /// <summary>The block it is linked to, or -1.</summary>
    public int Block;

    /// <summary>Next exit linked to the same block.</summary>
    public int Next;
}
