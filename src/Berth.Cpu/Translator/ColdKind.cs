namespace Berth.Cpu.Translator;

/// <summary>What happens off the fast path.</summary>
internal enum ColdKind
{
    /// <summary>Enter the page of R10 into the TLB and try again; the value is size, 256 for writes.</summary>
    Fill,

    /// <summary>Let the interpreter run the instruction.</summary>
    Interpret,

    /// <summary>Have the mapping of the block's second page looked at.</summary>
    Lookup,

    /// <summary>Tell about a store into a watched page; the value is the register that points to the watch byte.</summary>
    Watched,

    /// <summary>Load the vector registers.</summary>
    Vectors,

    /// <summary>Load the x87 registers.</summary>
    X87,

    /// <summary>The version of a run with a check for each access; the value is its number.</summary>
    SlowRun,

    /// <summary>A round of a loop with a check for each access.</summary>
    SlowLoop,

    /// <summary>An exit whose jump is here because a conditional jump leads to it; the value says which flags are live.</summary>
    Exit,
}
