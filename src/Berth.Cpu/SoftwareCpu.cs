using Berth.Cpu.Host;
using Berth.Cpu.Interpreter;
using Berth.Cpu.State;
using Berth.Linux;
using Berth.Linux.Tracing;
using Berth.Machine;
using Berth.X86;

namespace Berth.Cpu;

/// <summary>One interpreted processor.</summary>
public sealed unsafe class SoftwareCpu : IVirtualCpu, ICpuSignals
{
    internal SoftwareCpu(VirtualMachineConfig config, int index, StubCache stubs, bool translate, IReadOnlyList<StubProcess>? processes = null)
    {
        Index = index;
        Core = new Core(config, index, this, stubs, translate, processes);
    }

    /// <inheritdoc/>
    public int Index { get; }

    /// <summary>Instructions executed so far; those of translated code only if the machine was configured to count them.</summary>
    public ulong Instructions => Core.S->Instructions + Core.Translated;

    /// <summary>Blocks translated so far.</summary>
    public long Translations => Core.Translator?.Translations ?? 0;

    /// <summary>Times that user code was run directly.</summary>
    public long DirectEntries => Core.Direct?.Entries ?? 0;

    /// <summary>Time spent so.</summary>
    public TimeSpan DirectTime => TimeSpan.FromSeconds((Core.Direct?.Ticks ?? 0) / (double)System.Diagnostics.Stopwatch.Frequency);

    internal Core Core { get; }

    /// <inheritdoc/>
    public CpuExit Run()
    {
        try
        {
            return Core.Run() switch
            {
                StopReason.Continue => new(CpuExitReason.Kicked),
                StopReason.Halt => new(CpuExitReason.Halted),
                StopReason.Shutdown => new(CpuExitReason.Shutdown, "triple fault"),
                StopReason other => new(CpuExitReason.Error, other.ToString()),
            };
        }
        catch (LinuxException e) when (Core.Direct is not null)
        {
            // The state of user code is lost with the process that ran it.
            return new(CpuExitReason.Error, e.Message);
        }
    }

    /// <inheritdoc/>
    public void Kick() => Core.Signal(CpuSignal.Kick);

    /// <inheritdoc/>
    public void RaiseInterrupt() => Core.Signal(CpuSignal.Interrupt);

    /// <inheritdoc/>
    public void RaiseNmi() => Core.Signal(CpuSignal.Nmi);

    /// <inheritdoc/>
    public void RaiseInit() => Core.Signal(CpuSignal.Init);

    /// <inheritdoc/>
    public void RaiseStartup(byte vector) => Core.Signal(CpuSignal.Startup, vector);

    /// <inheritdoc/>
    public CpuRegisters GetRegisters() => Core.GetRegisters();

    /// <inheritdoc/>
    public void SetRegisters(CpuRegisters registers)
    {
        ArgumentNullException.ThrowIfNull(registers);
        Core.SetRegisters(registers);
    }

    /// <inheritdoc/>
    public void GetExtendedState(Span<byte> xsave)
    {
        // SAFETY: the area lies inside the state block.
        var area = new Span<byte>(Core.S->Xsave, CpuModel.XsaveSize);
        area.CopyTo(xsave);
        xsave[512..576].Clear();
        xsave[512] = (byte)CpuModel.Xcr0;
    }

    /// <inheritdoc/>
    public void SetExtendedState(ReadOnlySpan<byte> xsave)
    {
        if (xsave.Length != CpuModel.XsaveSize) throw new ArgumentException($"Extended state must be {CpuModel.XsaveSize} bytes.", nameof(xsave));
        xsave.CopyTo(new Span<byte>(Core.S->Xsave, CpuModel.XsaveSize));
        Core.S->Mxcsr &= 0xFFFF;
    }

    /// <inheritdoc/>
    public bool TryReadMsr(uint index, out ulong value) => Core.Msrs.TryRead(index, out value);

    /// <inheritdoc/>
    public bool TryWriteMsr(uint index, ulong value) => Core.Msrs.TryWrite(index, value);

    /// <inheritdoc/>
    public CpuSnapshot Save()
    {
        byte[] extended = new byte[CpuModel.XsaveSize];
        GetExtendedState(extended);
        return Core.Save(extended);
    }

    /// <inheritdoc/>
    public void Load(CpuSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        SetExtendedState(snapshot.ExtendedState);
        Core.Load(snapshot);
    }

    /// <inheritdoc/>
    public void Dispose() => Core.Dispose();
}
