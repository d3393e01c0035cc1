namespace Berth.Machine;

/// <summary>What a processor does between two instructions.</summary>
public enum CpuActivity
{
    /// <summary>Runs code.</summary>
    Running,

    /// <summary>Sleeps in HLT until an interrupt.</summary>
    Halted,

    /// <summary>Waits for a start-up IPI.</summary>
    WaitingForStartup,
}
