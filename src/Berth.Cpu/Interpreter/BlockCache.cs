using System.Runtime.InteropServices;
using Berth.Cpu.State;
using Berth.Machine;
using Berth.X86;

namespace Berth.Cpu.Interpreter;

/// <summary>Blocks by physical address, and in front of them a table by linear address. A vCPU has its own; writes by others are seen
/// through the page versions of <see cref="GuestMemory"/>.</summary>
internal sealed unsafe class BlockCache : IDisposable
{
    private const int HashBits = 16, JumpBits = 12;

    // Holds what runs rarely: hot code is translated. A boot decodes twice as much, once for the most part; what was dropped too early costs less than
    // the time of two boots differs by.
    private const nuint ArenaSize = 16 << 20;

    private const int Reserve = (Block.MaxOps * 80) + 1024;

    private readonly Core _core;
    private readonly CpuState* _s;
    private readonly GuestMemory _memory;
    private readonly BlockDecoder _decoder;
    private readonly CodeSnapshot _snapshot = new();
    private readonly Block** _buckets;
    private readonly Jump* _jumps;
    private readonly byte* _arena;
    private readonly Block* _loose;
    private nuint _used;

    [StructLayout(LayoutKind.Sequential)]
    private struct Jump
    {
        public ulong Linear, Epoch;
        public Block* Block;
        public int Key;
    }

    public BlockCache(Core core, CpuState* s, GuestMemory memory)
    {
        _core = core;
        _s = s;
        _memory = memory;
        _decoder = new BlockDecoder(core.Stubs);
        _buckets = (Block**)NativeMemory.AllocZeroed(1 << HashBits, (nuint)sizeof(Block*));
        _jumps = (Jump*)NativeMemory.AllocZeroed(1 << JumpBits, (nuint)sizeof(Jump));
        _arena = (byte*)NativeMemory.Alloc(ArenaSize);
        _loose = (Block*)NativeMemory.AllocZeroed(Reserve);
    }

    /// <summary>Blocks decoded so far, for statistics.</summary>
    public long Decoded { get; private set; }

    /// <summary>The block at CS:RIP, or null with a fault recorded.</summary>
    public Block* Find()
    {
        ulong linear = _s->Rip;
        int key = _s->CodeSize | (_s->Cpl == 3 ? 4 : 0);
        if (_s->CodeSize != 2)
        {
            if (linear > _s->Cs.Limit) return Fault(ExceptionVector.GeneralProtection);
            linear = (uint)(_s->Cs.Base + linear);
        }
        Jump* j = _jumps + ((linear ^ (linear >> JumpBits)) & ((1 << JumpBits) - 1));
        Block* b = j->Block;
        if (b != null && j->Linear == linear && j->Key == key && j->Epoch == _core.Mmu.Epoch && Versions[b->Page] == b->Version && b->Page2 < 0)
            return b;
        b = FindPhysical(linear, key);
        if (b != null && b != _loose) *j = new Jump { Linear = linear, Epoch = _core.Mmu.Epoch, Block = b, Key = key };
        return b;
    }

    private uint* Versions => (uint*)_memory.VersionTable;

    private Block* Fault(byte vector)
    {
        _core.Raise(vector, 0);
        return null;
    }

    private Block* FindPhysical(ulong linear, int key)
    {
        nint host = _core.Mmu.TranslateCode(linear);
        if (host == -1) return null;
        if (host == 0) return DecodeLoose(linear);
        ulong place = (ulong)(host - _memory.HostBase);
        Block** bucket = _buckets + (((place ^ (place >> HashBits)) * 8 + (ulong)key) & ((1 << HashBits) - 1));
        for (Block* b = *bucket; b != null; b = b->Next)
        {
            if (b->Physical != place || b->Key != key) continue;
            if (b->Page2 >= 0)
            {
                nint second = _core.Mmu.TranslateCode((linear & ~0xFFFUL) + 0x1000);
                // A fault there belongs to this block only if its first instruction crosses.
                if (second == -1 && b->Count == 1) return null;
                if (second <= 0 || _memory.PageIndex(second) != b->Page2) { _s->FaultVector = -1; continue; }
            }
            if (IsCurrent(b, (byte*)host)) return b;
            Remove(bucket, b);
            break;
        }
        return Decode(linear, key, host, bucket);
    }

    /// <summary>Whether the code is still what was decoded. A page that changed elsewhere only costs a comparison.</summary>
    private bool IsCurrent(Block* b, byte* host)
    {
        uint version = _memory.Observe(b->Page), version2 = b->Page2 < 0 ? 0 : _memory.Observe(b->Page2);
        if (version == b->Version && version2 == b->Version2) return true;
        int first = Math.Min(b->Length, 0x1000 - (int)((nint)host & 0xFFF));
        if (!new ReadOnlySpan<byte>(b->Bytes, first).SequenceEqual(new ReadOnlySpan<byte>(host, first))) return false;
        int rest = b->Length - first;
        byte* second = (byte*)_memory.HostBase + (b->Page2 << 12);
        if (rest > 0 && !new ReadOnlySpan<byte>(b->Bytes + first, rest).SequenceEqual(new ReadOnlySpan<byte>(second, rest))) return false;
        (b->Version, b->Version2) = (version, version2);
        return true;
    }

    private static void Remove(Block** bucket, Block* gone)
    {
        for (Block** place = bucket; *place != null; place = &(*place)->Next)
        {
            if (*place != gone) continue;
            *place = gone->Next;
            return;
        }
    }

    private Block* Decode(ulong linear, int key, nint host, Block** bucket)
    {
        if (_used + Reserve > ArenaSize) Clear();
        Block* b = (Block*)(_arena + _used);
        *b = new Block { Physical = (ulong)(host - _memory.HostBase), Key = key, Page = _memory.PageIndex(host), Page2 = -1 };
        b->Version = _memory.Observe(b->Page);
        int available = 0x1000 - (int)(linear & 0xFFF);
        byte* bytes = _snapshot.Take(host);
        int crossed = _decoder.Decode(b, bytes, available, _s->CodeSize);
        if (crossed != 0)
        {
            // The first instruction reaches into the next page.
            nint second = _core.Mmu.TranslateCode((linear & ~0xFFFUL) + 0x1000);
            if (second == -1) return null;
            if (second == 0) return DecodeLoose(linear);
            b->Page2 = _memory.PageIndex(second);
            b->Version2 = _memory.Observe(b->Page2);
            _snapshot.TakeSecond(second);
            _decoder.DecodeOne(b, bytes, available + CodeSnapshot.Beyond, _s->CodeSize);
        }
        if (b->Count == 0) return Fault(ExceptionVector.GeneralProtection);
        if (!WithinLimit(b)) return Fault(ExceptionVector.GeneralProtection);
        b->Bytes = (byte*)(b->Ops + b->Count);
        new ReadOnlySpan<byte>(bytes, b->Length).CopyTo(new Span<byte>(b->Bytes, b->Length));
        _used = ((nuint)(b->Bytes + b->Length - _arena) + 63) & ~(nuint)63;
        b->Next = *bucket;
        *bucket = b;
        Decoded++;
        return b;
    }

    private bool WithinLimit(Block* b) => _s->CodeSize == 2 || _s->Rip + b->Ops[0].Next - 1 <= _s->Cs.Limit;

    /// <summary>Code outside RAM is decoded anew each time, one instruction at a time.</summary>
    private Block* DecodeLoose(ulong linear)
    {
        byte* bytes = stackalloc byte[16];
        for (int i = 0; i < 15; i++)
        {
            nint host = _core.Mmu.Translate(linear + (ulong)i, Memory.AccessKind.Execute,
                _s->Cpl == 3 ? Memory.AccessMode.User : Memory.AccessMode.Supervisor, (int)SegmentName.Cs, out ulong physical);
            if (host == -1)
            {
                if (i == 0) return null;
                _s->FaultVector = -1;
                break;
            }
            bytes[i] = host != 0 ? *(byte*)host : (byte)_core.Mmio.Read(physical, 1);
        }
        *_loose = new Block { Page2 = -1 };
        _decoder.DecodeOne(_loose, bytes, 15, _s->CodeSize);
        return _loose->Count != 0 && WithinLimit(_loose) ? _loose : Fault(ExceptionVector.GeneralProtection);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        NativeMemory.Clear(_buckets, (nuint)sizeof(Block*) << HashBits);
        NativeMemory.Clear(_jumps, (nuint)sizeof(Jump) << JumpBits);
        _used = 0;
    }

    public void Dispose()
    {
        _snapshot.Dispose();
        NativeMemory.Free(_buckets);
        NativeMemory.Free(_jumps);
        NativeMemory.Free(_arena);
        NativeMemory.Free(_loose);
    }
}
