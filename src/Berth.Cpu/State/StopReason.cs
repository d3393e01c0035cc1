namespace Berth.Cpu.State;

/// <summary>Why a handler left its block without a fault.</summary>
internal enum StopReason
{
    None,

    /// <summary>RIP was set by the instruction; look at events, then go on.</summary>
    Continue,

    /// <summary>The same instruction again (a long string operation giving way to events).</summary>
    Restart,
    Halt,
    Shutdown,
}
