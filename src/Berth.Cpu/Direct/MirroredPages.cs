using Berth.Linux;
using Berth.Linux.Tracing;
using Berth.Machine;

namespace Berth.Cpu.Direct;

/// <summary>The guest's user pages that the stub process has mapped: a second TLB, which forgets what the first forgets. A page that is watched is never
/// writable there, and one that is executable is always watched.</summary>
internal sealed class MirroredPages(GuestMemory memory, StubProcess process)
{
    // The kernel allows a process 65,530 pieces.
    private const int MaxPages = 32_000;

    /// <summary>In place of an address: a page of RAM is mapped at more than one.</summary>
    private const ulong Several = ulong.MaxValue;

    private readonly Dictionary<ulong, int> _rights = [];
    private readonly Dictionary<long, ulong> _writable = [];
    private readonly HashSet<long> _executable = [];
    private readonly List<ulong> _dropped = [];
    private volatile bool _isStale;

    /// <summary>PROT_* of the page at a linear address, -1 where none is mapped.</summary>
    public int Rights(ulong linear) => _rights.GetValueOrDefault(linear, -1);

    /// <summary>No translation is valid any more.</summary>
    public void Drop()
    {
        if (_rights.Count > 0) _isStale = true;
    }

    /// <summary>The translation of one page is no longer valid.</summary>
    public void Drop(ulong linear)
    {
        linear &= ~0xFFFUL;
        if (_rights.Remove(linear)) _dropped.Add(linear);
        // The last instruction of the page before may end here.
        if (Rights(linear - 0x1000) is > 0 and var before && (before & Libc.PROT_EXEC) != 0 && _rights.Remove(linear - 0x1000)) _dropped.Add(linear - 0x1000);
    }

    /// <summary>Stores to a page of RAM must be seen from now on. The processor's thread.</summary>
    public void Watched(long page)
    {
        if (!_writable.Remove(page, out ulong linear)) return;
        if (linear == Several) _isStale = true;
        else Drop(linear);
    }

    /// <summary>A watched page has changed, or is watched no more; true if its code may be running here. Any thread.</summary>
    public bool Changed(long page)
    {
        lock (_executable)
        {
            if (!_executable.Contains(page)) return false;
            _isStale = true;
            return true;
        }
    }

    /// <summary>Code that is mapped reaches into another page of RAM, which is watched.</summary>
    public void DependOn(long page)
    {
        lock (_executable) _executable.Add(page);
    }

    /// <summary>Asks for all that must go to be unmapped.</summary>
    public void Settle()
    {
        if (_isStale || _rights.Count > MaxPages)
        {
            lock (_executable)
            {
                _isStale = false;
                _executable.Clear();
            }
            _rights.Clear();
            _writable.Clear();
            process.UnmapAll();
        }
        else
        {
            foreach (ulong linear in _dropped) process.Unmap(linear, 0x1000);
        }
        _dropped.Clear();
    }

    /// <summary>Asks for a page of guest RAM at a linear address. An executable one must be watched already.</summary>
    public void Map(ulong linear, nint host, int rights)
    {
        long page = memory.PageIndex(host);
        _rights[linear] = rights;
        if ((rights & Libc.PROT_WRITE) != 0) _writable[page] = _writable.GetValueOrDefault(page, linear) == linear ? linear : Several;
        if ((rights & Libc.PROT_EXEC) != 0)
        {
            lock (_executable) _executable.Add(page);
        }
        process.Map(linear, 0x1000, rights, page << GuestMemory.PageShift);
    }
}
