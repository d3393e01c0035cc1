using Berth.Linux;
using Berth.Linux.Tracing;
using Berth.Machine;

namespace Berth.Cpu.Direct;

/// <summary>The guest's user pages that a process has mapped: a second TLB, which forgets what the first forgets. A page that is watched is never writable
/// there, and one that is executable is always watched. Members belong to the processor's thread, but for those that say otherwise.</summary>
internal sealed class MirroredPages(GuestMemory memory, StubProcess process)
{
    // The kernel allows a process 65,530 pieces.
    private const int MaxPages = 32_000;

    /// <summary>In place of an address: a page of RAM is mapped at more than one.</summary>
    private const ulong Several = ulong.MaxValue;

    private readonly Dictionary<ulong, int> _rights = [];
    private readonly List<ulong> _dropped = [];
    private readonly HashSet<ulong> _relocated = [];

    // What other threads look at: pages of RAM that are mapped writable, and where; those that executable code was read from; and what is to be unmapped
    // for their sake.
    private readonly Lock _shared = new();
    private readonly Dictionary<long, ulong> _writable = [];
    private readonly HashSet<long> _executable = [];
    private readonly List<ulong> _watched = [];
    private volatile bool _isStale, _isCodeStale;

    /// <summary>PROT_* of the page at a linear address, -1 where none is mapped.</summary>
    public int Rights(ulong linear) => _rights.GetValueOrDefault(linear, -1);

    /// <summary>Whether pages from which code was relocated may be others now.</summary>
    public bool IsCodeStale
    {
        get => _isCodeStale;
        set => _isCodeStale = value;
    }

    /// <summary>No translation is valid any more.</summary>
    public void Drop()
    {
        _isCodeStale = true;
        if (_rights.Count > 0) _isStale = true;
    }

    /// <summary>The translation of one page is no longer valid.</summary>
    public void Drop(ulong linear)
    {
        linear &= ~0xFFFUL;
        if (_relocated.Contains(linear)) _isCodeStale = true;
        if (_rights.Remove(linear)) _dropped.Add(linear);
        // The last instruction of the page before may end here.
        if (Rights(linear - 0x1000) is > 0 and var before && (before & Libc.PROT_EXEC) != 0 && _rights.Remove(linear - 0x1000)) _dropped.Add(linear - 0x1000);
    }

    /// <summary>Stores to a page of RAM must be seen from now on; true if the process may make some, until what is mapped is settled. Any thread.</summary>
    public bool Watched(long page)
    {
        lock (_shared)
        {
            if (!_writable.Remove(page, out ulong linear)) return false;
            if (linear == Several) _isStale = true;
            else _watched.Add(linear);
            return true;
        }
    }

    /// <summary>A watched page has changed, or is watched no more; true if its code may be running here. Any thread.</summary>
    public bool Changed(long page)
    {
        lock (_shared)
        {
            if (!_executable.Contains(page)) return false;
            _isStale = _isCodeStale = true;
            return true;
        }
    }

    /// <summary>Code that is mapped reaches into another page of RAM, which is watched.</summary>
    public void DependOn(long page)
    {
        lock (_shared) _executable.Add(page);
    }

    /// <summary>Code is relocated from a page, at a linear address.</summary>
    public void Relocate(ulong linear, long page)
    {
        _relocated.Add(linear);
        DependOn(page);
    }

    /// <summary>No code that was relocated is left.</summary>
    public void ForgetRelocated() => _relocated.Clear();

    /// <summary>Asks for all that must go to be unmapped.</summary>
    public void Settle()
    {
        lock (_shared)
        {
            if (_isStale || _rights.Count > MaxPages)
            {
                (_isStale, _isCodeStale) = (false, true);
                _executable.Clear();
                _relocated.Clear();
                _writable.Clear();
                _rights.Clear();
                _dropped.Clear();
                process.UnmapAll();
            }
            else
            {
                foreach (ulong linear in _watched) Drop(linear);
            }
            _watched.Clear();
        }
        foreach (ulong linear in _dropped) process.Unmap(linear, 0x1000);
        _dropped.Clear();
    }

    /// <summary>Asks for a page of guest RAM at a linear address: without the right to write if it is watched. An executable one must be watched.</summary>
    public void Map(ulong linear, nint host, int rights)
    {
        long page = memory.PageIndex(host);
        if ((rights & Libc.PROT_WRITE) != 0 && !EnterWritable(page, linear)) rights &= ~Libc.PROT_WRITE;
        if ((rights & Libc.PROT_EXEC) != 0) DependOn(page);
        _rights[linear] = rights;
        process.Map(linear, 0x1000, rights, page << GuestMemory.PageShift);
    }

    /// <summary>Says first that a page is writable and then looks whether it is watched; who watches it does so the other way round.</summary>
    private bool EnterWritable(long page, ulong linear)
    {
        bool had;
        ulong before;
        lock (_shared)
        {
            had = _writable.TryGetValue(page, out before);
            _writable[page] = had && before != linear ? Several : linear;
        }
        if (!memory.IsWatched(page)) return true;
        lock (_shared)
        {
            // If it is not there any more, what it was there for is to be unmapped.
            if (_writable.Remove(page) && had) _writable[page] = before;
        }
        return false;
    }
}
