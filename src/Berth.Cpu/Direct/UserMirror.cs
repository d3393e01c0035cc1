using Berth.Cpu.Direct.Relocation;
using Berth.Cpu.Memory;
using Berth.Linux;
using Berth.Linux.Tracing;
using Berth.Machine;
using Berth.X86;

namespace Berth.Cpu.Direct;

/// <summary>The process that runs the user code of one address space of the guest, and what of that is mapped there.</summary>
internal sealed class UserMirror : IDisposable
{
    /// <summary>Pages of code that could not be run, and breakpoints that had to make room for others, after which code is relocated.</summary>
    private const int ManyRefusals = 4, ManyDisplacements = 16;

    private readonly Mmu _mmu;
    private readonly GuestMemory _memory;
    private RelocatedCode? _code;
    private bool _isAttached;
    private int _refusals;

    public UserMirror(Mmu mmu, GuestMemory memory, StubProcess process)
    {
        (_mmu, _memory) = (mmu, memory);
        Process = process;
        Pages = new MirroredPages(memory, process);
        Breakpoints = new CodeBreakpoints(process, Pages);
    }

    public StubProcess Process { get; }

    public MirroredPages Pages { get; }

    public CodeBreakpoints Breakpoints { get; }

    /// <summary>Flags of the process that only its own code changes, as they are.</summary>
    public ulong StickyFlags { get; set; }

    /// <summary>The code that runs in place of the guest's own, where that cannot; null while it can.</summary>
    public RelocatedCode? Relocated { get; private set; }

    /// <summary>A page of code cannot be run where it is: if this happens again and again, code is relocated.</summary>
    public void Refuse()
    {
        if (++_refusals >= ManyRefusals) Relocate();
    }

    /// <summary>Code is relocated from now on, as long as it does not change.</summary>
    public void Relocate() => Relocated = _code ??= new RelocatedCode(_mmu, _memory, Process.Window, Pages);

    /// <summary>What was found out about the code no longer holds: it runs where it is until it cannot.</summary>
    public void Forget()
    {
        Relocated = null;
        (_refusals, Breakpoints.Displacements) = (0, 0);
    }

    /// <summary>Settles what is mapped, and whether code is relocated.</summary>
    public void Settle()
    {
        Pages.Settle();
        if (Relocated is { } code && !code.Validate()) Forget();
        if (Breakpoints.Displacements >= ManyDisplacements) Relocate();
    }

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

    public void Dispose() => _code?.Dispose();
}
