using System.Runtime.InteropServices;
using Berth.Cpu.Interpreter;
using Berth.Cpu.Memory;
using Berth.Linux.Tracing;
using Berth.Machine;

namespace Berth.Cpu.Direct.Relocation;

/// <summary>The relocated code of one address space, in the window of its process: blocks that jump to each other, and a table for indirect jumps. All of
/// it goes when some of the guest's code that it was made from changes.</summary>
internal sealed unsafe class RelocatedCode(Mmu mmu, GuestMemory memory, StubWindow window, MirroredPages pages) : IDisposable
{
    /// <summary>Addresses that the table leads to through one entry; others are looked up each time.</summary>
    private const int MostAlike = 16;

    /// <summary>Instructions of relocated code that are kept account of.</summary>
    private const int MostPlaces = 1 << 18;

    /// <summary>Blocks that are made along with another.</summary>
    private const int MostAhead = 16;

    private readonly Relocator _relocator = new(window);
    private readonly CodeSnapshot _snapshot = new();

    // By address in the guest: offsets in the window.
    private readonly Dictionary<ulong, int> _blocks = [];
    private readonly List<CodePlace> _places = [];

    // By linear address: what the blocks were made from.
    private readonly Dictionary<ulong, PageVersion> _pages = [];

    // Addresses that the table leads to, and how many have each of its entries.
    private readonly HashSet<ulong> _entered = [];
    private Dictionary<int, int>? _entries;
    private int _used, _resets;

    /// <summary>Address in the process where the block for an address of the guest lies, made if need be; 0 where the guest's code cannot be had.</summary>
    public ulong Find(ulong rip)
    {
        Renew();
        int at = Block(rip);
        return at < 0 ? 0 : window.CodeAddress + (ulong)at;
    }

    /// <summary>Forgets all blocks if something that they were made from may have changed, and has.</summary>
    private void Renew()
    {
        if (!pages.IsCodeStale) return;
        pages.IsCodeStale = false;
        foreach ((ulong linear, PageVersion known) in _pages)
        {
            if (Accessed(linear) == known.Host && Observe(linear, known.Host) == known) continue;
            Reset();
            return;
        }
    }

    /// <summary>The place at an address in the process; null if it is none of ours.</summary>
    public CodePlace? At(ulong address)
    {
        ulong offset = address - window.CodeAddress;
        if (offset >= (ulong)_used) return null;
        ReadOnlySpan<CodePlace> places = CollectionsMarshal.AsSpan(_places);
        int low = 0, high = places.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (places[middle].Offset < (int)offset) low = middle + 1;
            else high = middle;
        }
        return low < places.Length && places[low].Offset == (int)offset ? places[low] : null;
    }

    /// <summary>Lets the jump that has come to an exit lead to its block from now on; 0 where there is none.</summary>
    public ulong Link(in CodePlace exit)
    {
        int resets = _resets, at = Block(exit.Rip);
        if (at < 0) return 0;
        if (resets == _resets) Connect(exit, at);
        return window.CodeAddress + (ulong)at;
    }

    /// <summary>Lets indirect jumps to an address find its block from now on; 0 where there is none.</summary>
    public ulong Enter(ulong rip)
    {
        int at = Block(rip);
        if (at < 0) return 0;
        int bucket = (int)(rip & 0xFFFF), others = _entries!.GetValueOrDefault(bucket);
        if (others < MostAlike && _used + Relocator.LargestEntry <= StubWindow.CodeLength && _entered.Add(rip))
        {
            int offset = _used;
            ref ulong entry = ref window.Table[bucket];
            _relocator.Entry(offset, rip, at, (int)(entry - window.CodeAddress));
            Commit();
            entry = window.CodeAddress + (ulong)offset;
            _entries![bucket] = others + 1;
        }
        return window.CodeAddress + (ulong)at;
    }

    /// <summary>The block for an address, made if need be together with some that it leads to: each jump that finds no block stops the process.</summary>
    private int Block(ulong rip)
    {
        if (_blocks.TryGetValue(rip, out int at)) return at;
        if (_used == 0 || _places.Count > MostPlaces || _used + ((2 + MostAhead) * Relocator.LargestBlock) > StubWindow.CodeLength) Reset();
        int first = _places.Count, block = Make(rip), made = 0;
        for (int n = first; n < _places.Count; n++)
        {
            CodePlace exit = _places[n];
            if (exit.Kind != PlaceKind.Exit) continue;
            if (!_blocks.TryGetValue(exit.Rip, out int target))
            {
                if (made == MostAhead || !_pages.ContainsKey(exit.Rip & ~0xFFFUL)) continue;
                target = Make(exit.Rip);
                made++;
            }
            if (target >= 0) Connect(exit, target);
        }
        return block;
    }

    /// <summary>Lets the jump that would come to an exit go to a block.</summary>
    private void Connect(in CodePlace exit, int block) => MemoryMarshal.Write(window.Code[exit.Detail..], block - exit.Detail - 4);

    private int Make(ulong rip)
    {
        if (rip >= StubProcess.End) return -1;
        ulong linear = rip & ~0xFFFUL;
        nint host = Page(linear, isRun: true);
        if (host == 0) return -1;
        byte* code = _snapshot.Take(host + (nint)(rip - linear));
        int inPage = 0x1000 - (int)(rip & 0xFFF), beyond = 0;
        if (inPage <= Relocator.LongestReach && Page(linear + 0x1000, isRun: false) is var next and not 0)
        {
            _snapshot.TakeSecond(next);
            beyond = CodeSnapshot.Beyond;
        }
        int offset = _used;
        if (_relocator.Block(offset, rip, code, inPage, inPage + beyond) == 0) return -1;
        Commit();
        _blocks.Add(rip, offset);
        return offset;
    }

    /// <summary>Host address of a page of code, which is watched from now on; 0 where there is none. One that is not run yet counts only where the guest
    /// has accessed it.</summary>
    private nint Page(ulong linear, bool isRun)
    {
        if (_pages.TryGetValue(linear, out PageVersion known)) return known.Host;
        nint host = isRun ? (nint)mmu.PeekCode(linear) : Accessed(linear);
        if (host != 0) _pages.Add(linear, Observe(linear, host));
        return host;
    }

    private nint Accessed(ulong linear)
    {
        nint host = mmu.Peek(linear, AccessKind.Execute, out PageWalker.Translation translation);
        return translation.Accessed ? host : 0;
    }

    /// <summary>The version of a page that is watched. It is told of as ours before it is looked at, so that no change goes by.</summary>
    private PageVersion Observe(ulong linear, nint host)
    {
        long page = memory.PageIndex(host);
        pages.Relocate(linear, page);
        return new PageVersion(host, memory.Observe(page));
    }

    private void Commit()
    {
        _relocator.Bytes.CopyTo(window.Code[_used..]);
        _places.AddRange(_relocator.Places);
        _used += _relocator.Bytes.Length;
    }

    private void Reset()
    {
        _blocks.Clear();
        _places.Clear();
        _pages.Clear();
        pages.ForgetRelocated();
        _entered.Clear();
        _used = 0;
        _resets++;
        _relocator.Missing(0);
        Commit();
        if (_entries is null) window.Table.Fill(window.CodeAddress);
        else foreach (int entry in _entries.Keys) window.Table[entry] = window.CodeAddress;
        _entries = [];
    }

    public void Dispose() => _snapshot.Dispose();
}
