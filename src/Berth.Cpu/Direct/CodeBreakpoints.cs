using Berth.Linux.Tracing;

namespace Berth.Cpu.Direct;

/// <summary>The breakpoints of the process that runs user code, on instructions that must not run there: a page with few of them can run all the same.
/// A page that is gone may keep its breakpoints, they stop nothing then; one that loses them must go before anything runs.</summary>
internal sealed class CodeBreakpoints(StubProcess process, MirroredPages pages)
{
    private readonly ulong[] _places = new ulong[StubProcess.Breakpoints];
    private int _count;
    private bool _isChanged;

    /// <summary>Whether the host lets the process have them.</summary>
    public bool IsUsable { get; private set; } = true;

    /// <summary>Pages whose breakpoints may make room for those of others.</summary>
    private const int MaxDisplacements = 16;

    /// <summary>Times that breakpoints of other pages had to make room.</summary>
    public int Displacements { get; set; }

    /// <summary>Asks for the breakpoints of a page, at offsets in it; drops pages whose breakpoints make room. False where there can be none, or pages
    /// contend for them.</summary>
    public bool Set(ulong linear, ReadOnlySpan<ushort> offsets)
    {
        if (offsets.Length == 0 || HasAll(linear, offsets)) return true;
        if (!IsUsable) return false;
        if (_count + offsets.Length > _places.Length)
        {
            if (Displacements == MaxDisplacements) return false;
            foreach (ulong place in Places) pages.Drop(place);
            _count = 0;
            Displacements++;
        }
        foreach (ushort offset in offsets) _places[_count++] = linear + offset;
        _isChanged = true;
        return true;
    }

    /// <summary>Makes what was asked for; false if the host refuses, which leaves none. Pages that must go must be gone.</summary>
    public bool Flush()
    {
        if (!_isChanged) return true;
        _isChanged = false;
        IsUsable = process.SetBreakpoints(Places);
        if (!IsUsable) _count = 0;
        return IsUsable;
    }

    private ReadOnlySpan<ulong> Places => _places.AsSpan(0, _count);

    private bool HasAll(ulong linear, ReadOnlySpan<ushort> offsets)
    {
        foreach (ushort offset in offsets)
        {
            if (!Places.Contains(linear + offset)) return false;
        }
        return true;
    }
}
