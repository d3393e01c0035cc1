namespace Berth.Cpu.Translator;

/// <summary>What the dispatcher must do after generated code.</summary>
internal enum Outcome
{
    /// <summary>There is no code for RIP: interpret a block.</summary>
    Cold,

    /// <summary>Interpret one instruction.</summary>
    Interpret,

    /// <summary>Look at events, then go on.</summary>
    Again,

    /// <summary>An instruction has been interpreted: look at what follows from it, then go on.</summary>
    Completed,

    /// <summary>An instruction has recorded a fault.</summary>
    Fault,
}
