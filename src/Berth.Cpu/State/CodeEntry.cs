using System.Runtime.InteropServices;

namespace Berth.Cpu.State;

/// <summary>One translation of a page that may be executed.</summary>
[StructLayout(LayoutKind.Sequential, Size = 32)]
internal struct CodeEntry
{
    /// <summary>Stands for no page.</summary>
    public const ulong None = ulong.MaxValue;

    /// <summary>Linear address of the page.</summary>
    public ulong Page;

    /// <summary>Host address of the page.</summary>
    public nint Host;

    /// <summary>Number of this pair of linear and host page, tested by generated code before it enters the page; 0 until one is needed.</summary>
    public int Id;
}
