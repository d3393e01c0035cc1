namespace Berth.Machine;

/// <summary>What an interrupt controller may do to a processor. Any thread; wakes it from HLT.</summary>
public interface ICpuSignals
{
    /// <summary>There may be an interrupt to take: the processor asks its controller before the next block.</summary>
    void RaiseInterrupt();

    /// <summary>Non-maskable interrupt.</summary>
    void RaiseNmi();

    /// <summary>INIT: processor reset into wait-for-SIPI (application processors) or to the reset vector (boot processor).</summary>
    void RaiseInit();

    /// <summary>Start-up IPI: begin in real mode at <paramref name="vector"/> × 4096; ignored unless waiting for it.</summary>
    void RaiseStartup(byte vector);
}
