using Berth.Cpu.State;

namespace Berth.Cpu.Interpreter;

/// <summary>An operation on a destination and a source of one width; sets the flags itself.</summary>
internal unsafe interface IBinaryOp
{
    /// <summary>Whether the result goes to the destination (not for CMP, TEST, BT).</summary>
    static abstract bool Writes { get; }

    static abstract ulong Apply<T>(CpuState* s, ulong a, ulong b) where T : unmanaged;
}
