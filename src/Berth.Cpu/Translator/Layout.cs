using System.Runtime.InteropServices;
using Berth.Cpu.State;

namespace Berth.Cpu.Translator;

/// <summary>Offsets of the state block as generated code uses them.</summary>
internal static class Layout
{
    public static readonly int Rip = Of(nameof(CpuState.Rip));
    public static readonly int SystemFlags = Of(nameof(CpuState.SystemFlags));
    public static readonly int Poll = Of(nameof(CpuState.Poll));
    public static readonly int RawFlags = Of(nameof(CpuState.RawFlags));
    public static readonly int VectorsLoaded = Of(nameof(CpuState.VectorsLoaded));
    public static readonly int VectorsReady = Of(nameof(CpuState.VectorsReady));
    public static readonly int X87Loaded = Of(nameof(CpuState.X87Loaded));
    public static readonly int X87Ready = Of(nameof(CpuState.X87Ready));
    public static readonly int Pending = Of(nameof(CpuState.Pending));
    public static readonly int Exit = Of(nameof(CpuState.Exit));
    public static readonly int Argument = Of(nameof(CpuState.Argument));
    public static readonly int Temporary = Of(nameof(CpuState.Temporary));
    public static readonly int WatchBias = Of(nameof(CpuState.WatchBias));
    public static readonly int Countdown = Of(nameof(CpuState.Countdown));
    public static readonly int KernelGsBase = Of(nameof(CpuState.KernelGsBase));
    /// <summary>The base is the first field of a segment.</summary>
    public static readonly int GsBase = Of(nameof(CpuState.Gs));
    public static readonly int Tlb = Of(nameof(CpuState.Tlb));

    public static readonly int LoopLimit = Of(nameof(CpuState.LoopLimit));

    public static int HostPointer(int group) => Of(nameof(CpuState.HostPointer)) + (group * 8);

    public static int SegmentBase(int segment) => CpuState.SegmentBaseOffset + (segment * 8);

    public static int Selector(int segment) => Of(nameof(CpuState.Es)) + (segment * 16) + 12;

    private static int Of(string field) => (int)Marshal.OffsetOf<CpuState>(field);
}
