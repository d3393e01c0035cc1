using Berth.Linux;
using Berth.Linux.Tracing;
using Berth.Machine;
using Berth.X86;

namespace Berth.Cpu.Direct;

/// <summary>The process that runs the user code of one address space of the guest, and what of that is mapped there.</summary>
internal sealed class UserMirror
{
    private bool _isAttached;

    public UserMirror(GuestMemory memory, StubProcess process)
    {
        Process = process;
        Pages = new MirroredPages(memory, process);
        Breakpoints = new CodeBreakpoints(process, Pages);
    }

    public StubProcess Process { get; }

    public MirroredPages Pages { get; }

    public CodeBreakpoints Breakpoints { get; }

    /// <summary>Flags of the process that only its own code changes, as they are.</summary>
    public ulong StickyFlags { get; set; }

    /// <summary>Makes the calling thread its tracer, the first time; false where the host does not let it.</summary>
    public bool Attach()
    {
        if (_isAttached) return true;
        try
        {
            Process.Attach();
            return _isAttached = Process.ExtendedState.Length >= CpuModel.XsaveSize;
        }
        catch (LinuxException)
        {
            return false;
        }
    }

    /// <summary>Makes what was asked for; false if the host refuses, and the process may have anything. Its registers are others afterwards.</summary>
    public bool Flush()
    {
        if (!Process.Flush()) return false;
        // Pages whose breakpoints are gone are gone too by now.
        return Breakpoints.Flush();
    }
}
