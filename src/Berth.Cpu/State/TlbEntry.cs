using System.Runtime.InteropServices;

namespace Berth.Cpu.State;

/// <summary>One translation. A tag is the page's linear address with the TLB generation in its low bits; <see cref="None"/> never matches.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TlbEntry
{
    /// <summary>A tag that no access can produce: it is neither page aligned nor of a live generation.</summary>
    public const ulong None = ulong.MaxValue;

    public ulong Read;
    public ulong Write;
    public ulong Execute;

    /// <summary>Host address minus linear address.</summary>
    public nint Addend;
}
