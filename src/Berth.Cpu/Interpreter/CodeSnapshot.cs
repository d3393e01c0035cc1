using System.Runtime.InteropServices;

namespace Berth.Cpu.Interpreter;

/// <summary>A page of guest code, and the first bytes of the one that follows it, as they were at one moment. Other processors may write while code is
/// decoded: what is decoded and what is later compared with memory must be the same bytes, or a change in between is never seen.</summary>
internal sealed unsafe class CodeSnapshot : IDisposable
{
    /// <summary>Bytes of the second page: one more than an instruction can need.</summary>
    public const int Beyond = 16;

    private const int PageSize = 0x1000;

    private readonly byte* _bytes = (byte*)NativeMemory.AllocZeroed(PageSize + Beyond);

    /// <summary>Copies the page around a host address of guest RAM; gives the copy's byte at that address. Valid until the next call.</summary>
    public byte* Take(nint host)
    {
        Buffer.MemoryCopy((void*)(host & ~(PageSize - 1)), _bytes, PageSize, PageSize);
        return _bytes + (host & (PageSize - 1));
    }

    /// <summary>Lets the first bytes of a second page follow; gives the copy's first of them.</summary>
    public byte* TakeSecond(nint host)
    {
        Buffer.MemoryCopy((void*)(host & ~(PageSize - 1)), _bytes + PageSize, Beyond, Beyond);
        return _bytes + PageSize;
    }

    public void Dispose() => NativeMemory.Free(_bytes);
}
