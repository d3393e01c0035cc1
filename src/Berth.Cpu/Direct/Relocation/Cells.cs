namespace Berth.Cpu.Direct.Relocation;

/// <summary>Cells of the window in which relocated code keeps registers of the guest for a moment.</summary>
internal static class Cells
{
    /// <summary>RCX and R11 around an indirect jump; the register that holds the address of an operand.</summary>
    public const int Rcx = 0, R11 = 1, Operand = 2;

    /// <summary>In place of a register number: those of an indirect jump.</summary>
    public const int Jump = 0x100;
}
