namespace Berth.Vmm.Boards;

/// <summary>Why a board stopped.</summary>
internal enum BoardEnd
{
    /// <summary>The guest switched itself off.</summary>
    PowerOff,

    /// <summary>The guest asked for a reset, or a processor met a triple fault.</summary>
    Reset,

    /// <summary>The only processor halted with interrupts off: nothing can happen any more.</summary>
    Halted,

    /// <summary>A processor could not go on.</summary>
    Failed,
}
