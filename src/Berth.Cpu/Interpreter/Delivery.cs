namespace Berth.Cpu.Interpreter;

/// <summary>What causes an interrupt: decides the privilege check, RF and the EXT bit of error codes.</summary>
internal enum Delivery
{
    Fault,
    Trap,
    Software,
    External,
}
