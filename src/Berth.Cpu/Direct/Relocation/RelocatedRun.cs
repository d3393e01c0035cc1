using Berth.Linux;
using Berth.Linux.Tracing;

namespace Berth.Cpu.Direct.Relocation;

/// <summary>Moves a process between the guest's code and the relocated: it is stopped at addresses of the latter.</summary>
internal static class RelocatedRun
{
    /// <summary>Goes on from a jump whose target was not known; false if it is not one, or the target cannot be had: then the process may be at the
    /// guest's address of it.</summary>
    public static bool Follow(RelocatedCode code, StubProcess process)
    {
        process.Read();
        if (code.At(process.Registers.rip) is not { } place) return false;
        ulong next = place.Kind switch
        {
            PlaceKind.Exit => code.Link(place),
            PlaceKind.Missing => code.Enter(process.Registers.rcx),
            _ => 0,
        };
        if (next == 0)
        {
            // The place may be gone by now.
            if (place.Kind == PlaceKind.Exit)
            {
                process.Registers.rip = place.Rip;
                process.Write();
            }
            return false;
        }
        if (place.Kind == PlaceKind.Missing) Restore(process, Cells.Jump);
        process.Registers.rip = next;
        return true;
    }

    /// <summary>Has <see cref="StubProcess.Registers"/> be those that the guest would have, at the first boundary between two of its instructions.</summary>
    public static void Leave(RelocatedCode code, StubProcess process)
    {
        process.Read();
        while (code.At(process.Registers.rip) is { } place)
        {
            if (place.Kind is PlaceKind.Within or PlaceKind.Faulting)
            {
                TraceStop stop = process.Step();
                process.Read();
                if (stop.Signal == Libc.SIGTRAP) continue;
                if (place.Kind == PlaceKind.Faulting) Restore(process, place.Detail);
            }
            process.Registers.rip = place.Rip;
            if (place.Kind == PlaceKind.Missing)
            {
                process.Registers.rip = process.Registers.rcx;
                Restore(process, Cells.Jump);
            }
            break;
        }
    }

    private static void Restore(StubProcess process, int detail)
    {
        ref Libc.user_regs_struct r = ref process.Registers;
        ReadOnlySpan<ulong> cells = process.Window.Cells;
        if (detail == Cells.Jump)
        {
            (r.rcx, r.r11) = (cells[Cells.Rcx], cells[Cells.R11]);
            return;
        }
        ulong value = cells[Cells.Operand];
        switch (detail)
        {
            case 0: r.rax = value; break;
            case 1: r.rcx = value; break;
            case 2: r.rdx = value; break;
            case 3: r.rbx = value; break;
            case 6: r.rsi = value; break;
            default: r.rdi = value; break;
        }
    }
}
