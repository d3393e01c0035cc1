namespace Berth.Cpu.Translator;

/// <summary>Why generated code returned; RIP is set unless said otherwise.</summary>
internal enum ExitReason
{
    /// <summary>The block at RIP must be found by way of the page tables.</summary>
    Lookup,

    /// <summary>The instruction at RIP must be interpreted.</summary>
    Interpret,

    /// <summary>The instruction at RIP must be run by its handler; <see cref="State.CpuState.Argument"/> points to its <see cref="AssistSite"/>.</summary>
    Assist,

    /// <summary>The poll word was set.</summary>
    Poll,

    /// <summary>A direct jump to a block that it is not linked with; <see cref="State.CpuState.Exit"/> tells which, RIP is stale.</summary>
    Direct,

    /// <summary>A store hit a watched page; <see cref="State.CpuState.Argument"/> is the address of its watch byte.</summary>
    Watched,
}
