using Berth.Linux;

namespace Berth.Cpu.Host;

/// <summary>Memory for generated code: one file mapped twice, writable here and executable there, never both at one address.</summary>
internal sealed unsafe class ExecutableMemory : IDisposable
{
    private readonly long _size;
    private readonly byte* _writable;
    private readonly byte* _executable;
    private long _used;

    public ExecutableMemory(long size)
    {
        _size = size;
        using FileDescriptor file = Libc.MemoryFile("berth-code", size, Libc.MFD_EXEC);
        // SAFETY: both mappings cover size bytes of the same file and live until Dispose.
        _writable = (byte*)Libc.Map(file, 0, size, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED);
        _executable = (byte*)Libc.Map(file, 0, size, Libc.PROT_READ | Libc.PROT_EXEC, Libc.MAP_SHARED);
    }

    /// <summary>Where the next code will run.</summary>
    public nint Next => (nint)_executable + (nint)_used;

    /// <summary>Adds code and returns its address; 0 when full.</summary>
    public nint Add(ReadOnlySpan<byte> code)
    {
        if (_used + code.Length > _size) return 0;
        nint address = Next;
        code.CopyTo(new Span<byte>(_writable + _used, code.Length));
        // No coarser: addresses that end alike look alike to the host's predictor of indirect jumps.
        _used = (_used + code.Length + 7) & ~7L;
        return address;
    }

    /// <summary>Bytes used so far, and bytes left.</summary>
    public long Used => _used;

    public long Free => _size - _used;

    /// <summary>Forgets all code beyond a place. None of it may be running.</summary>
    public void Reset(long used) => _used = used;

    /// <summary>Replaces four bytes of code at an executable address.</summary>
    public void Patch(nint address, int value)
    {
        // SAFETY: the address lies in code that Add placed here; instructions that run elsewhere meanwhile belong to other memories.
        *(int*)(_writable + (address - (nint)_executable)) = value;
    }

    public void Dispose()
    {
        Libc.Unmap((nint)_writable, _size);
        Libc.Unmap((nint)_executable, _size);
    }
}
