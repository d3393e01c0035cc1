using Iced.Intel;

namespace Berth.Cpu.Interpreter;

/// <summary>Feeds Iced from host memory.</summary>
internal sealed unsafe class PointerReader : CodeReader
{
    private byte* _next, _end;

    /// <summary>Whether the decoder asked for more than there was.</summary>
    public bool RanOut { get; private set; }

    public void Reset(byte* start, int length)
    {
        _next = start;
        _end = start + length;
        RanOut = false;
    }

    public override int ReadByte()
    {
        // SAFETY: stays within the bytes given to Reset.
        if (_next < _end) return *_next++;
        RanOut = true;
        return -1;
    }
}
