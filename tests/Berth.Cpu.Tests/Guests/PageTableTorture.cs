using Berth.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Cpu.Tests.Guests;

/// <summary>A guest that obeys a table of operations on two address spaces, and a model that says what must come of each. Both spaces have 16 pages that map
/// 16 frames by a page table, or all of them by one large page. A frame holds MOV EAX, value; RET: it is read, written and called, by the kernel or by user
/// code.</summary>
internal sealed class PageTableTorture(int seed, int operations, bool user)
{
    private const int Pages = 16;
    private const ulong Window = 0x4000_0000, FirstFrame = 0x28_0000, Operations = 0x34_0000, Log = 0x38_0000, ValueAt = 0x801;
    private const ulong Address = PageEntry.AddressMask, AccessedDirty = PageEntry.Accessed | PageEntry.Dirty;
    private const int OperationSize = 32, LogSize = 24;

    private enum Kind
    {
        Store,
        FlushPage,
        LoadCr3,
        Read,
        Write,
        Call,
        Add,
        FlushContext,
    }

    private readonly record struct Operation(Kind Kind, ulong A, ulong B, ulong C, ulong Result, ulong Error, ulong Cr2);

    private sealed class Space(ulong root, ulong process)
    {
        public ulong Pml4 => root;

        public ulong Pdpt => root + 0x1000;

        public ulong Directory => root + 0x2000;

        public ulong Table => root + 0x3000;

        public ulong Process => process;

        public ulong[] Entries { get; } = new ulong[Pages];

        // Not zero while one large page stands for all.
        public ulong Large { get; set; }

        /// <summary>Whether something changed that processors may still remember.</summary>
        public bool Stale { get; set; }
    }

    private readonly ulong _userBit = user ? PageEntry.User : 0, _userError = user ? PageFaultError.User : 0;
    private readonly Random _random = new(seed);
    private readonly List<Operation> _operations = [];
    private readonly Space[] _spaces = [new(0x6_0000, 1), new(0x7_0000, 2)];
    private readonly uint[] _values = [.. Enumerable.Range(1, Pages).Select(static n => (uint)n * 0x0101_0101)];
    private int _current;

    /// <summary>Runs on a guest; gives what was other than it must be.</summary>
    public IReadOnlyList<string> Run(Guest guest)
    {
        Prepare(guest);
        while (_operations.Count < operations) Next();
        for (int n = 0; n < _operations.Count; n++)
        {
            Operation o = _operations[n];
            ulong at = Operations + ((ulong)n * OperationSize);
            guest.Write(at, (ulong)o.Kind);
            guest.Write(at + 8, o.A);
            guest.Write(at + 16, o.B);
            guest.Write(at + 24, o.C);
        }
        Assemble(guest);
        CpuRegisters r = Guest.LongMode(0);
        r.Cr4 |= Cr4.Pcid;
        r.General[8] = Operations;
        r.General[9] = Log;
        r.General[10] = (ulong)_operations.Count;
        guest.Cpu.SetRegisters(r);
        guest.Cpu.Run();
        return Compare(guest);
    }

    private void Prepare(Guest guest)
    {
        foreach (Space space in _spaces)
        {
            guest.Write(space.Pml4, space.Pdpt | Guest.Rw | Guest.User);
            // The first GiB is everyone's.
            guest.Write(space.Pdpt, Guest.Directory | Guest.Rw | Guest.User);
            guest.Write(space.Pdpt + 8, space.Directory | Guest.Rw | Guest.User);
            guest.Write(space.Directory, space.Table | Guest.Rw | Guest.User);
        }
        for (int f = 0; f < Pages; f++)
        {
            byte[] code = [0xB8, .. BitConverter.GetBytes(_values[f]), 0xC3];
            Assert.True(guest.Memory.Write(Frame(f) + 0x800, code));
        }
        Add(Kind.LoadCr3, _spaces[0].Pml4 | _spaces[0].Process);
    }

    private void Assemble(Guest guest)
    {
        const ulong faults = 0x1F_0000, calls = 0x1F_1000;
        // Both go on where the operation ends, in the kernel and on its stack.
        guest.Assemble(a =>
        {
            a.pop(r14);
            a.mov(r11, cr2);
            a.mov(rsp, r12);
            a.jmp(r13);
        }, faults);
        guest.Gate(ExceptionVector.PageFault, faults);
        guest.Assemble(a =>
        {
            a.mov(rsp, r12);
            a.jmp(r13);
        }, calls);
        guest.Gate(0x80, calls, dpl: 3);
        AssembleUser(guest);
        guest.Assemble(a =>
        {
            Label top = a.CreateLabel(), done = a.CreateLabel();
            Label[] kinds = [.. Enum.GetValues<Kind>().Select(_ => a.CreateLabel())];
            a.Label(ref top);
            a.mov(rbx, __qword_ptr[r8 + 8]);
            a.mov(rcx, __qword_ptr[r8 + 16]);
            a.mov(r14, -1);
            a.xor(r11d, r11d);
            a.xor(edx, edx);
            a.mov(r12, rsp);
            a.lea(r13, __[done]);
            for (int k = 0; k < kinds.Length; k++)
            {
                a.cmp(__qword_ptr[r8], k);
                a.je(kinds[k]);
            }
            void Kinds(Kind kind, Action write)
            {
                a.Label(ref kinds[(int)kind]);
                if (user && kind is Kind.Read or Kind.Write or Kind.Add or Kind.Call) EnterUser(a, kind);
                else write();
                a.jmp(done);
            }
            Kinds(Kind.Store, () => a.mov(__[rbx], rcx));
            Kinds(Kind.FlushPage, () => a.invlpg(__[rbx]));
            Kinds(Kind.LoadCr3, () => a.mov(cr3, rbx));
            Kinds(Kind.Read, () => a.mov(edx, __[rbx]));
            Kinds(Kind.Write, () => a.mov(__[rbx], ecx));
            Kinds(Kind.Add, () => a.add(__[rbx], ecx));
            Kinds(Kind.FlushContext, () => a.invpcid(rbx, __[r8 + 16]));
            Kinds(Kind.Call, () =>
            {
                a.call(rbx);
                a.mov(edx, eax);
            });
            a.Label(ref done);
            a.mov(rsp, r12);
            a.mov(__[r9], rdx);
            a.mov(__[r9 + 8], r14);
            a.mov(__[r9 + 16], r11);
            a.add(r8, OperationSize);
            a.add(r9, LogSize);
            a.dec(r10);
            a.jnz(top);
            a.hlt();
        });
    }

    private static ulong UserPlace(Kind kind) => Guest.UserCode + ((ulong)kind * 0x40);

    private static void EnterUser(Assembler a, Kind kind)
    {
        a.push(Guest.UserData);
        a.mov(rax, Guest.StackTop - 0x1000);
        a.push(rax);
        a.push(0x202);
        a.push(Guest.UserCode64);
        a.mov(rax, UserPlace(kind));
        a.push(rax);
        a.iretq();
    }

    /// <summary>Each kind of access as user code, which ends by a call of the kernel.</summary>
    private static void AssembleUser(Guest guest)
    {
        void At(Kind kind, Action<Assembler> write) => guest.Assemble(a =>
        {
            write(a);
            a.@int(0x80);
        }, UserPlace(kind));
        At(Kind.Read, a => a.mov(edx, __[rbx]));
        At(Kind.Write, a => a.mov(__[rbx], ecx));
        At(Kind.Add, a => a.add(__[rbx], ecx));
        At(Kind.Call, a =>
        {
            a.call(rbx);
            a.mov(edx, eax);
        });
    }

    private static ulong Frame(int n) => FirstFrame + ((ulong)n << 12);

    // The large page maps the frames' 2 MiB, so that its pages are the frames in their order.
    private static ulong Page(int n) => Window + (FirstFrame & 0x1F_FFFF) + ((ulong)n << 12);

    private static ulong EntryPlace(Space space, int page) => space.Table + ((Page(page) >> 12 & 511) * 8);

    private void Add(Kind kind, ulong a, ulong b = 0, ulong c = 0, ulong result = 0, ulong error = ulong.MaxValue, ulong cr2 = 0) =>
        _operations.Add(new(kind, a, b, c, result, error, cr2));

    private void Next()
    {
        int page = _random.Next(Pages);
        switch (_random.Next(16))
        {
            case <= 2: Access(Kind.Read, page); break;
            case <= 5: Access(Kind.Write, page); break;
            case <= 8: Access(Kind.Call, page); break;
            case 9: Access(Kind.Add, page); break;
            case <= 12: Change(page, RandomEntry()); break;
            // Cleared bits must be set again by the next access.
            case 13: Change(page, _spaces[_random.Next(2)] is { Large: 0 } space ? space.Entries[page] & ~AccessedDirty : RandomEntry()); break;
            case 14: Switch(); break;
            default:
                if (_random.Next(4) == 0) Resize();
                break;
        }
    }

    private ulong RandomEntry()
    {
        if (_random.Next(5) == 0) return 0;
        ulong rights = PageEntry.Present | (_random.Next(3) != 0 ? PageEntry.Writable : 0) | (_random.Next(4) == 0 ? PageEntry.NoExecute : 0)
            | (_random.Next(4) == 0 ? AccessedDirty : 0);
        return Frame(_random.Next(Pages)) | rights | _userBit;
    }

    private void Access(Kind kind, int page)
    {
        Space space = _spaces[_current];
        ulong entry = space.Large != 0 ? space.Large : space.Entries[page], linear = Page(page) + (kind == Kind.Call ? 0x800UL : ValueAt);
        bool write = kind is Kind.Write or Kind.Add, execute = kind == Kind.Call;
        uint value = (uint)_random.Next();
        ulong error = _userError | (entry & PageEntry.Present) | (write ? PageFaultError.Write : 0) | (execute ? PageFaultError.Instruction : 0);
        bool refused = (entry & PageEntry.Present) == 0 || (write && (entry & PageEntry.Writable) == 0) || (execute && (entry & PageEntry.NoExecute) != 0);
        if (refused)
        {
            Add(kind, linear, value, error: error, cr2: linear);
            return;
        }
        int frame = space.Large != 0 ? page : (int)(((entry & Address) - FirstFrame) >> 12);
        Add(kind, linear, value, result: write ? 0 : _values[frame]);
        if (kind == Kind.Write) _values[frame] = value;
        if (kind == Kind.Add) _values[frame] += value;
        entry |= PageEntry.Accessed | (write ? PageEntry.Dirty : 0);
        if (space.Large != 0) space.Large = entry;
        else space.Entries[page] = entry;
    }

    /// <summary>Changes an entry of either space, and makes processors forget the old one where they may remember it.</summary>
    private void Change(int page, ulong entry)
    {
        int which = _random.Next(2);
        Space space = _spaces[which];
        ulong old = space.Entries[page];
        Add(Kind.Store, EntryPlace(space, page), entry);
        space.Entries[page] = entry;
        // Absent entries are remembered by none, and those below a large page have been forgotten with it.
        if (space.Large != 0 || (old & PageEntry.Present) == 0) return;
        bool here = which == _current;
        if (here && _random.Next(2) == 0) Add(Kind.FlushPage, Page(page));
        else if (_random.Next(2) == 0) Add(Kind.FlushContext, 0, space.Process, Page(page));
        else if (_random.Next(2) == 0) Add(Kind.FlushContext, 1, space.Process);
        else if (here) Add(Kind.LoadCr3, space.Pml4 | space.Process);
        else space.Stale = true;
    }

    private void Switch()
    {
        _current ^= 1;
        Space space = _spaces[_current];
        bool keep = !space.Stale && _random.Next(3) != 0;
        Add(Kind.LoadCr3, space.Pml4 | space.Process | (keep ? 1UL << 63 : 0));
        space.Stale = false;
    }

    /// <summary>Splits the large page of the current space, or joins its pages into one.</summary>
    private void Resize()
    {
        Space space = _spaces[_current];
        if (space.Large != 0)
        {
            Add(Kind.Store, space.Directory, space.Table | Guest.Rw | Guest.User);
            space.Large = 0;
            // Any address of a large page stands for all of it.
            Add(Kind.FlushPage, Page(_random.Next(Pages)));
            return;
        }
        space.Large = (FirstFrame & ~0x1F_FFFFUL) | PageEntry.Present | PageEntry.Large | _userBit | (_random.Next(3) != 0 ? PageEntry.Writable : 0)
            | (_random.Next(4) == 0 ? PageEntry.NoExecute : 0);
        Add(Kind.Store, space.Directory, space.Large);
        if (_random.Next(2) == 0) Add(Kind.LoadCr3, space.Pml4 | space.Process);
        else Add(Kind.FlushContext, _random.Next(2) == 0 ? 1UL : 2, space.Process);
    }

    private List<string> Compare(Guest guest)
    {
        var wrong = new List<string>();
        for (int n = 0; n < _operations.Count && wrong.Count < 10; n++)
        {
            Operation o = _operations[n];
            ulong at = Log + ((ulong)n * LogSize);
            (ulong result, ulong error, ulong cr2) = (guest.Read(at), guest.Read(at + 8), guest.Read(at + 16));
            if ((result, error, cr2) != (o.Result, o.Error, o.Cr2))
                wrong.Add($"operation {n}, {o.Kind} {o.A:x} {o.B:x}: result {result:x}, error {error:x}, CR2 {cr2:x}; must be {o.Result:x}, {o.Error:x}, {o.Cr2:x}");
        }
        foreach (Space space in _spaces)
        {
            for (int p = 0; p < Pages; p++)
            {
                ulong entry = guest.Read(EntryPlace(space, p));
                if (entry != space.Entries[p]) wrong.Add($"process {space.Process}, page {p}: entry {entry:x}, must be {space.Entries[p]:x}");
            }
            if (space.Large != 0 && guest.Read(space.Directory) != space.Large)
                wrong.Add($"process {space.Process}: large page {guest.Read(space.Directory):x}, must be {space.Large:x}");
        }
        for (int f = 0; f < Pages; f++)
        {
            uint value = (uint)(guest.Read(Frame(f) + 0x800) >> 8);
            if (value != _values[f]) wrong.Add($"frame {f}: {value:x}, must be {_values[f]:x}");
        }
        return wrong;
    }
}
