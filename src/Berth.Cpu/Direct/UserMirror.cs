using System.Diagnostics;
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
    // Until the guest's own code is tried again. To find out that it still cannot be run takes some fifty microseconds.
    private static readonly long s_stretch = 20 * Stopwatch.Frequency / 1000;

    private readonly Mmu _mmu;
    private readonly GuestMemory _memory;
    private RelocatedCode? _code;
    private bool _isAttached;
    private long _relocatedUntil;

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

    /// <summary>The code that is to run in place of the guest's own, which could not be run of late; null where that is to be tried.</summary>
    public RelocatedCode? Relocated => Stopwatch.GetTimestamp() < _relocatedUntil ? _code : null;

    /// <summary>Has code relocated for a while.</summary>
    public RelocatedCode Relocate()
    {
        _relocatedUntil = Stopwatch.GetTimestamp() + s_stretch;
        return _code ??= new RelocatedCode(_mmu, _memory, Process.Window, Pages);
    }

    /// <summary>The mirror is another address space's from now on.</summary>
    public void Forget()
    {
        Pages.Drop();
        (_relocatedUntil, Breakpoints.Displacements) = (0, 0);
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
