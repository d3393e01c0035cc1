namespace Berth.Cpu.Translator;

/// <summary>What is the same for all instructions of one code.</summary>
/// <param name="Form">How they are translated.</param>
/// <param name="Writes">A memory operand is written.</param>
/// <param name="Written">Operands that are written, one bit each.</param>
/// <param name="Vector">What is needed of the vector registers, see <see cref="State.CpuState.VectorsLoaded"/>, and 4 for the x87 registers.</param>
internal sealed record FormInfo(Form Form, bool Writes, int Written, int Vector)
{
    public static FormInfo Interpret { get; } = new(Form.Interpret, false, 0, 0);

    public static FormInfo Assist { get; } = new(Form.Assist, false, 0, 0);
}
