using Berth.X86;

namespace Berth.Machine;

/// <summary>One processor. All members except <see cref="Kick"/> belong to the thread that runs it, or to anyone while none does.</summary>
public interface IVirtualCpu : IDisposable
{
    /// <summary>Index in the machine, also its initial APIC ID.</summary>
    int Index { get; }

    /// <summary>Runs on the calling thread until something stops the processor. Port and MMIO accesses go to the buses meanwhile,
    /// HLT and wait-for-SIPI sleep inside.</summary>
    CpuExit Run();

    /// <summary>Makes the current or the next <see cref="Run"/> return <see cref="CpuExitReason.Kicked"/> soon. Any thread.</summary>
    void Kick();

    /// <summary>General, segment, control and debug registers.</summary>
    CpuRegisters GetRegisters();

    /// <summary>Replaces general, segment, control and debug registers and drops cached translations.</summary>
    void SetRegisters(CpuRegisters registers);

    /// <summary>Copies out x87, SSE and AVX state in the standard XSAVE format, <see cref="CpuModel.XsaveSize"/> bytes.</summary>
    void GetExtendedState(Span<byte> xsave);

    /// <summary>Replaces x87, SSE and AVX state.</summary>
    void SetExtendedState(ReadOnlySpan<byte> xsave);

    /// <summary>Reads a model-specific register; false if the processor has none of that number.</summary>
    bool TryReadMsr(uint index, out ulong value);

    /// <summary>Writes a model-specific register; false where the guest would get #GP.</summary>
    bool TryWriteMsr(uint index, ulong value);

    /// <summary>Everything that a processor of another machine, on any backend, needs to go on from here. Not while it runs.</summary>
    CpuSnapshot Save();

    /// <summary>Goes on from a saved state at the next <see cref="Run"/>. Not while it runs.</summary>
    void Load(CpuSnapshot snapshot);
}
