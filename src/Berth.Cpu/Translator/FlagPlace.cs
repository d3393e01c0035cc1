namespace Berth.Cpu.Translator;

/// <summary>Where the guest's status flags are at a point of generated code.</summary>
internal enum FlagPlace : byte
{
    /// <summary>Nowhere: they are overwritten before anyone looks.</summary>
    Dead,

    /// <summary>In the host's RFLAGS.</summary>
    Host,

    /// <summary>In <see cref="State.CpuState.RawFlags"/>.</summary>
    Memory,
}
