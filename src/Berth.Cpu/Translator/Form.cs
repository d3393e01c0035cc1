namespace Berth.Cpu.Translator;

/// <summary>How an instruction is translated.</summary>
internal enum Form : byte
{
    /// <summary>Not at all: the block ends before it and the interpreter decodes and runs it.</summary>
    Interpret,

    /// <summary>The block ends with it: it is run by its handler in the interpreter, decoded beforehand.</summary>
    Assist,

    /// <summary>The same instruction on the host, with registers and the memory operand replaced.</summary>
    Copy,
    Nothing,
    LoadAddress,
    Push,
    PushMemory,
    Pop,
    Leave,
    Call,
    CallIndirect,
    Jump,
    JumpIndirect,
    Return,
    JumpIf,
    Counter,
    Divide,
    PushFlags,
    DisableInterrupts,
    Direction,
    SwapGs,
    BitString,
    EnableInterrupts,
    AccessUser,
    ReadSelector,
    LoadControl,
}
