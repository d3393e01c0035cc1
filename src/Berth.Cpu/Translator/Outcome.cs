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
}
