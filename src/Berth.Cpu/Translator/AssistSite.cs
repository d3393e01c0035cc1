using System.Runtime.InteropServices;
using Berth.Cpu.State;

namespace Berth.Cpu.Translator;

/// <summary>What generated code leaves behind the call of an assist.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AssistSite
{
    /// <summary>Address of the instruction; generated code reads it, so it stays the first field.</summary>
    public ulong Rip;

    /// <summary>Address of the following instruction, 0 where the operation sets RIP.</summary>
    public ulong Next;
    public Op Op;
}
