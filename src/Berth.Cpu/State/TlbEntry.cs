using System.Runtime.InteropServices;

namespace Berth.Cpu.State;

/// <summary>One translation of a data page. Interpreter and generated code test an access by one subtraction: address - tag is the place in the
/// page, and below 4096 only for a page that matches.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TlbEntry
{
    /// <summary>Linear address of the page where it may be read, else a tag that no address of this entry matches.</summary>
    public ulong Read;

    /// <summary>As <see cref="Read"/>, for writes; only once the page is marked dirty.</summary>
    public ulong Write;

    /// <summary>Host address of the page.</summary>
    public nint Host;

    /// <summary>Address of the page's byte in the watch table.</summary>
    public nint Watch;
}
