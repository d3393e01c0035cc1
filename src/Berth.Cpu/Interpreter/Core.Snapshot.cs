using Berth.Cpu.State;
using Berth.Machine;

namespace Berth.Cpu.Interpreter;

/// <summary>State as other backends have it too.</summary>
internal sealed unsafe partial class Core
{
    public CpuSnapshot Save(byte[] extended)
    {
        List<(uint, ulong)> msrs = [];
        foreach (uint index in CpuSnapshot.SavedMsrs)
            if (Msrs.TryRead(index, out ulong value)) msrs.Add((index, value));
        return new()
        {
            Registers = GetRegisters(),
            ExtendedState = extended,
            Msrs = msrs,
            Activity = _waitForStartup ? CpuActivity.WaitingForStartup : _halted ? CpuActivity.Halted : CpuActivity.Running,
            InterruptShadow = S->Shadow != 0,
            NmiPending = (S->Pending & (int)CpuSignal.Nmi) != 0,
            NmiMasked = _nmiMasked,
            Apic = Apic?.Save(),
        };
    }

    public void Load(CpuSnapshot snapshot)
    {
        SetRegisters(snapshot.Registers);
        if (snapshot.Apic is { } apic) Apic?.Load(apic);
        foreach ((uint index, ulong value) in snapshot.Msrs) Msrs.Restore(index, value);
        Take(CpuSignal.Nmi);
        _nmiMasked = snapshot.NmiMasked;
        if (snapshot.NmiPending) Signal(CpuSignal.Nmi);
        if (snapshot.InterruptShadow) HoldInterrupts();
        _waitForStartup = snapshot.Activity == CpuActivity.WaitingForStartup;
        _halted = snapshot.Activity == CpuActivity.Halted;
        // Its handler begins at once, as it would have there. A triple fault on the way leaves the processor in front of the instruction that raises it again.
        if (snapshot.Event is { } e) Deliver(e.Vector, e.IsInterrupt ? Delivery.External : Delivery.Fault, e.ErrorCode ?? 0);
        Signal(CpuSignal.Interrupt);
    }
}
