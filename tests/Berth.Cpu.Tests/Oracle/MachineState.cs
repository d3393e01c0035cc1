namespace Berth.Cpu.Tests.Oracle;

/// <summary>What an instruction may read and write: registers, status flags, x87 and vector state.</summary>
internal sealed class MachineState
{
    public ulong[] General { get; } = new ulong[16];

    public ulong Flags { get; set; }

    /// <summary>Standard XSAVE area with x87, SSE and AVX.</summary>
    public byte[] Extended { get; } = new byte[832];

    public MachineState Clone()
    {
        var copy = new MachineState { Flags = Flags };
        General.CopyTo(copy.General, 0);
        Extended.CopyTo(copy.Extended, 0);
        return copy;
    }
}
