namespace Berth.Cpu.State;

/// <summary>Requests to a vCPU from other threads.</summary>
[Flags]
internal enum CpuSignal
{
    None = 0,
    Interrupt = 1,
    Nmi = 2,
    Init = 4,
    Startup = 8,
    Kick = 16,

    /// <summary>Not a request: more work waits after the current event.</summary>
    Again = 32,
}
