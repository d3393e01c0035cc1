using Berth.Machine;
using Berth.X86;

namespace Berth.Kvm.Tests.Guests;

/// <summary>A processor whose failure is the test's, with its registers.</summary>
internal sealed class WatchedCpu(KvmCpu cpu) : IVirtualCpu
{
    public int Index => cpu.Index;

    public CpuExit Run()
    {
        CpuExit exit = cpu.Run();
        if (exit.Reason == CpuExitReason.Error) Assert.Fail(exit.Detail!);
        return exit;
    }

    public void Kick() => cpu.Kick();

    public CpuRegisters GetRegisters() => cpu.GetRegisters();

    public void SetRegisters(CpuRegisters registers) => cpu.SetRegisters(registers);

    public void GetExtendedState(Span<byte> xsave) => cpu.GetExtendedState(xsave);

    public void SetExtendedState(ReadOnlySpan<byte> xsave) => cpu.SetExtendedState(xsave);

    public bool TryReadMsr(uint index, out ulong value) => cpu.TryReadMsr(index, out value);

    public bool TryWriteMsr(uint index, ulong value) => cpu.TryWriteMsr(index, value);

    public CpuSnapshot Save() => cpu.Save();

    public void Load(CpuSnapshot snapshot) => cpu.Load(snapshot);

    public void Dispose() => cpu.Dispose();
}
