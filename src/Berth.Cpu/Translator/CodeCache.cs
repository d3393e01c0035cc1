using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Berth.Cpu.Host;
using Berth.Cpu.State;

namespace Berth.Cpu.Translator;

/// <summary>The generated code of one vCPU: blocks by linear address, host page and mode, the links between them, and what must be dropped when
/// guest code changes. Bounded; when full, everything goes.</summary>
internal sealed unsafe class CodeCache : IDisposable
{
    private const int HashBits = 16;

    private readonly CpuState* _s;
    private readonly ExecutableMemory _memory;
    private readonly int[] _buckets = new int[1 << HashBits];
    private readonly Dictionary<nint, int> _pages = [];
    private readonly Dictionary<nint, List<int>> _secondPages = [];
    private readonly Dictionary<(ulong, nint, int), int> _pageIds = [];
    private readonly long _start;
    private TranslatedBlock[] _blocks = new TranslatedBlock[4096];
    private DirectExit[] _exits = new DirectExit[8192];
    private int _blockCount, _exitCount;

    public CodeCache(CpuState* s, ExecutableMemory memory)
    {
        _s = s;
        _memory = memory;
        _start = memory.Used;
        Clear();
    }

    public nint Next => _memory.Next;

    public int NextExit => _exitCount;

    /// <summary>Whether there is room for one more block of any size, below a limit for all.</summary>
    public bool HasRoom(long limit) => _memory.Free > 1 << 18 && _memory.Used < limit && _pageIds.Count < 1 << 20;

    public ref TranslatedBlock this[int block] => ref _blocks[block];

    public ref DirectExit Exit(int number) => ref _exits[number];

    /// <summary>Forgets everything. No generated code may be running.</summary>
    public void Clear()
    {
        Array.Fill(_buckets, -1);
        _pages.Clear();
        _secondPages.Clear();
        _pageIds.Clear();
        _blockCount = _exitCount = 0;
        _memory.Reset(_start);
        for (int mode = 0; mode < Memory.AccessMode.Translated; mode++)
        {
            // SAFETY: the tables lie behind the state block; see CpuMemory.
            JumpEntry* jumps = CpuMemory.Jumps(_s, mode);
            new Span<byte>(jumps, CpuMemory.JumpLength).Clear();
            // Address 0 must not match an empty entry.
            jumps->Linear = 1;
        }
        for (int mode = 0; mode < Memory.AccessMode.Count; mode++)
        {
            for (int i = 0; i < 1 << CpuMemory.CodeBits; i++) CpuMemory.Code(_s, mode)[i].Id = 0;
        }
    }

    /// <summary>The number of a pair of linear and host page, given to the page's entry.</summary>
    public int PageId(CodeEntry* entry, int mode)
    {
        if (entry->Id != 0) return entry->Id;
        (ulong, nint, int) key = (entry->Page, entry->Host, mode);
        if (!_pageIds.TryGetValue(key, out int id)) _pageIds.Add(key, id = _pageIds.Count + 1);
        return entry->Id = id;
    }

    private static int Hash(ulong linear, nint host, int mode)
    {
        ulong h = (linear ^ ((ulong)host << 20) ^ ((ulong)mode << 60)) * 0x9E37_79B9_7F4A_7C15;
        return (int)(h >> (64 - HashBits));
    }

    public int Find(ulong linear, nint host, int mode)
    {
        for (int b = _buckets[Hash(linear, host, mode)]; b >= 0; b = _blocks[b].NextInBucket)
        {
            ref TranslatedBlock block = ref _blocks[b];
            if (block.Linear == linear && block.Host == host && block.Mode == mode) return b;
        }
        return -1;
    }

    /// <summary>Lets indirect jumps find a block.</summary>
    public void Announce(int b)
    {
        ref TranslatedBlock block = ref _blocks[b];
        CpuMemory.Jumps(_s, block.Mode)[block.Linear & 0xFFFF] = new JumpEntry { Linear = block.Linear, Code = block.Entries.Checked };
    }

    /// <summary>Takes back exits of the block being made, from a number on.</summary>
    public void DropExits(int from) => _exitCount = from;

    public void AddExit(ulong target, FlagPlace place, bool polled, nint jump, nint check)
    {
        if (_exitCount == _exits.Length) Array.Resize(ref _exits, _exits.Length * 2);
        _exits[_exitCount++] = new DirectExit { Target = target, Place = place, Polled = polled, Jump = jump, Check = check, Next = -1, Block = -1 };
    }

    public void SetExitStub(int number, nint stub) => _exits[number].Stub = stub;

    /// <summary>Adds a block for the guest code at a host address; it holds while what its translation saw, from a distance to that address on, stands there.</summary>
    public int Add(ulong linear, nint host, int mode, in BlockEntries entries, Emitter code, int seenFrom, ReadOnlySpan<byte> seen)
    {
        int codeLength = code.Position;
        code.Bytes(seen);
        nint copy = _memory.Add(code.Code) + codeLength;
        if (_blockCount == _blocks.Length) Array.Resize(ref _blocks, _blocks.Length * 2);
        int b = _blockCount++;
        ref int bucket = ref _buckets[Hash(linear, host, mode)];
        ref int page = ref CollectionsMarshal.GetValueRefOrAddDefault(_pages, host & ~0xFFF, out bool known);
        if (!known) page = -1;
        _blocks[b] = new TranslatedBlock
        {
            Linear = linear,
            Host = host,
            Mode = mode,
            Entries = entries,
            SeenFrom = seenFrom,
            SeenLength = seen.Length,
            Copy = copy,
            NextInBucket = bucket,
            NextInPage = page,
            Incoming = -1,
        };
        bucket = page = b;
        return b;
    }

    /// <summary>Makes a block depend on the first bytes of a second page.</summary>
    public void AddSecondPage(int b, nint second, ReadOnlySpan<byte> seen)
    {
        nint copy = _memory.Add(seen);
        (_blocks[b].Second, _blocks[b].SecondLength, _blocks[b].SecondCopy) = (second, seen.Length, copy);
        if (!_secondPages.TryGetValue(second, out List<int>? list)) _secondPages.Add(second, list = []);
        list.Add(b);
    }

    // SAFETY: both stretches lie in mappings that outlive the cache: guest RAM within one page, and a copy made by Add.
    private static bool IsSame(nint code, nint copy, int length) =>
        new ReadOnlySpan<byte>((byte*)code, length).SequenceEqual(new ReadOnlySpan<byte>((byte*)copy, length));

    /// <summary>Lets an exit jump to a block directly.</summary>
    public void Link(int number, int b)
    {
        ref DirectExit exit = ref _exits[number];
        ref TranslatedBlock block = ref _blocks[b];
        // An exit whose page was mapped anew may lead elsewhere now.
        if (exit.Block == b) return;
        if (exit.Block >= 0) Unlink(number);
        nint target = exit.Place switch
        {
            FlagPlace.Host => exit.Polled ? block.Entries.PolledHost : block.Entries.Host,
            FlagPlace.Memory => exit.Polled ? block.Entries.PolledMemory : block.Entries.Memory,
            _ => exit.Polled ? block.Entries.PolledMemory : block.Entries.Memory,
        };
        if (exit.Check != 0)
        {
            CodeEntry* entry = CpuMemory.Code(_s, block.Mode) + CpuMemory.CodeIndex(block.Linear);
            _memory.Patch(exit.Check, entry->Id);
        }
        _memory.Patch(exit.Jump, (int)(target - exit.Jump - 4));
        exit.Block = b;
        exit.Next = block.Incoming;
        block.Incoming = number;
    }

    private void Unlink(int number)
    {
        ref int place = ref _blocks[_exits[number].Block].Incoming;
        while (place != number) place = ref _exits[place].Next;
        place = _exits[number].Next;
        _exits[number].Block = -1;
    }

    /// <summary>Drops the blocks of a page whose code has changed, or all. Gives the number of those that stay.</summary>
    public int PageChanged(nint hostPage, bool all)
    {
        if (_secondPages.TryGetValue(hostPage, out List<int>? list))
        {
            foreach (int b in list)
            {
                if (all || !IsSame(hostPage, _blocks[b].SecondCopy, _blocks[b].SecondLength)) Drop(b);
            }
            list.RemoveAll(b => _blocks[b].Dropped);
            if (list.Count == 0) _secondPages.Remove(hostPage);
        }
        ref int first = ref CollectionsMarshal.GetValueRefOrNullRef(_pages, hostPage);
        if (Unsafe.IsNullRef(ref first)) return 0;
        int kept = -1, count = 0;
        for (int b = first; b >= 0;)
        {
            ref TranslatedBlock block = ref _blocks[b];
            int next = block.NextInPage;
            if (!all && !block.Dropped && IsSame(block.Host + block.SeenFrom, block.Copy, block.SeenLength))
            {
                block.NextInPage = kept;
                kept = b;
                count++;
            }
            else Drop(b);
            b = next;
        }
        first = kept;
        if (kept < 0) _pages.Remove(hostPage);
        return count;
    }

    private void Drop(int b)
    {
        ref TranslatedBlock block = ref _blocks[b];
        if (block.Dropped) return;
        block.Dropped = true;
        for (ref int place = ref _buckets[Hash(block.Linear, block.Host, block.Mode)]; ; place = ref _blocks[place].NextInBucket)
        {
            if (place != b) continue;
            place = block.NextInBucket;
            break;
        }
        JumpEntry* jump = CpuMemory.Jumps(_s, block.Mode) + (block.Linear & 0xFFFF);
        if (jump->Code == block.Entries.Checked) *jump = new JumpEntry { Linear = ~block.Linear, Code = 0 };
        for (int number = block.Incoming; number >= 0;)
        {
            ref DirectExit exit = ref _exits[number];
            _memory.Patch(exit.Jump, (int)(exit.Stub - exit.Jump - 4));
            if (exit.Check != 0) _memory.Patch(exit.Check, -1);
            number = exit.Next;
            (exit.Next, exit.Block) = (-1, -1);
        }
        block.Incoming = -1;
    }

    public void Dispose() => _memory.Dispose();
}
