using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Berth.Linux.Tracing;

/// <summary>A process with nothing in its memory but a page of code, a read-only page and a <see cref="StubWindow"/>, whose tracer maps pieces of one
/// memory file into it and has it run code of others there. It can make no system call by itself: each stops it, unmade; a filter beneath lets only
/// mappings of that file pass. x86-64 hosts. All members but <see cref="Start"/>, <see cref="Kick"/> and <see cref="Dispose"/> belong to the thread that calls
/// <see cref="Attach"/>; the process ends with that thread.</summary>
public sealed unsafe class StubProcess : IDisposable
{
    /// <summary>End of the memory that a process can have. [asm/page_64_types.h] TASK_SIZE_MAX</summary>
    public const ulong End = 0x7FFF_FFFF_F000;

    /// <summary>Interrupts the process; it never sees it.</summary>
    public const int KickSignal = Libc.SIGUSR1;

    /// <summary>Places at which it can be stopped.</summary>
    public const int Breakpoints = 4;

    private const int Page = 4096, SharedFixed = 0x4011; // MAP_SHARED | MAP_FIXED | MAP_NORESERVE
    private const int MaxCalls = (Page / (8 * StubProgram.EntryWords)) - 1;
    private const nint Mmap = 9, Munmap = 11, Prctl = 157, Seccomp = 317, CloseRange = 436;
    private const int SetTsc = 26, TscTraps = 2; // PR_SET_TSC, PR_TSC_SIGSEGV
    private const uint ArchX64 = 0xC000_003E;
    private const int MaxState = 1 << 14;
    private const int Control = 7; // DR7

    /// <summary>What process lists show.</summary>
    private static ReadOnlySpan<byte> Name => "berth-user\0"u8;

    private readonly FileDescriptor _process, _memory, _control;
    private readonly nint* _table;
    private readonly Libc.user_regs_struct* _registers;
    private readonly byte* _state;
    private readonly ulong _place;
    private Libc.user_regs_struct _initial;
    private StubWindow? _window;
    private int _calls;

    // A kick came while it made calls: the next run ends as soon as it begins.
    private bool _wasKicked;

    private StubProcess(FileDescriptor process, int pid, FileDescriptor memory, FileDescriptor control, ulong place)
    {
        (_process, Pid, _memory, _control, _place) = (process, pid, memory, control, place);
        _table = (nint*)Libc.Map(control, 0, Page, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED);
        _registers = (Libc.user_regs_struct*)NativeMemory.AllocZeroed((nuint)sizeof(Libc.user_regs_struct) + MaxState);
        _state = (byte*)(_registers + 1);
    }

    /// <summary>Starts the process, untraced and asleep; <paramref name="memory"/> is the file whose pieces it will map.</summary>
    /// <exception cref="LinuxException">The process cannot be made here.</exception>
    public static StubProcess Start(FileDescriptor memory)
    {
        // Where programs seldom have anything, and not twice at the same place.
        ulong place = 0x6000_0000_0000 + ((ulong)RandomNumberGenerator.GetInt32(1 << 20) * PlaceLength);
        FileDescriptor control = Libc.MemoryFile("berth-stub-calls", (long)PlaceLength);
        using FileDescriptor program = Libc.SealedFile("berth-stub", StubProgram.Build(place));
        try
        {
            int pid = Libc.Spawn(program.ProcPath, ["berth-guest-user"], [memory, control]);
            return new StubProcess(Libc.OpenProcess(pid), pid, memory, control, place);
        }
        catch
        {
            control.Dispose();
            throw;
        }
    }

    public int Pid { get; }

    /// <summary>First address of what is the process's own, a multiple of its length.</summary>
    public ulong Place => _place;

    /// <summary>Bytes of what is the process's own: its two pages, room, and the window.</summary>
    public static ulong PlaceLength => StubWindow.End;

    /// <summary>Memory that it shares with its tracer, for code of the tracer's; costs nothing before it is asked for.</summary>
    public StubWindow Window => _window ??= new(_control, _place);

    /// <summary>The general registers: read by <see cref="Read"/>, written by <see cref="Write"/>.</summary>
    public ref Libc.user_regs_struct Registers => ref *_registers;

    /// <summary>The extended registers in XSAVE's standard format, as long as this host has them.</summary>
    public Span<byte> ExtendedState => new(_state, StateLength);

    private int StateLength { get; set; }

    /// <summary>Makes the calling thread the tracer, and the process empty.</summary>
    /// <exception cref="LinuxException">This host does not let processes be traced, or lacks what is needed.</exception>
    public void Attach()
    {
        // It stops thousands of times a second, and whoever traces it waits for that.
        Libc.IgnoreStoppedChildren();
        Check(Libc.Trace(Libc.PTRACE_SEIZE, Pid, 0, Libc.PTRACE_O_EXITKILL | Libc.PTRACE_O_TRACESYSGOOD), "PTRACE_SEIZE");
        Check(Libc.Trace(Libc.PTRACE_INTERRUPT, Pid), "PTRACE_INTERRUPT");
        Stopped(Libc.WaitTraced(Pid));
        Read();
        _initial = Registers;
        _initial.orig_rax = ulong.MaxValue;
        ulong calls = _place + Page, behind = _place + PlaceLength;
        Call(Munmap, 0, (nint)_place);
        Call(Munmap, (nint)behind, (nint)(End - behind));
        Call(Mmap, (nint)calls, Page, Libc.PROT_READ, SharedFixed, _control.Number);
        foreach ((int offset, int length, int rights) in StubWindow.Parts) Call(Mmap, (nint)_place + offset, length, rights, SharedFixed, _control.Number, offset);
        if (_memory.Number > 0) Call(CloseRange, 0, _memory.Number - 1);
        Call(CloseRange, _memory.Number + 1, int.MaxValue);
        Name.CopyTo(new Span<byte>(_table, Page));
        Call(Prctl, Libc.PR_SET_NAME, (nint)calls);
        Call(Prctl, Libc.PR_SET_PDEATHSIG, Libc.SIGKILL);
        Call(Prctl, SetTsc, TscTraps);
        Call(Prctl, Libc.PR_SET_NO_NEW_PRIVS, 1);
        Confine(calls);
        StateLength = Libc.TraceRegisterSet(Libc.PTRACE_GETREGSET, Pid, Libc.NT_X86_XSTATE, _state, MaxState);
        Check(StateLength > 0, "PTRACE_GETREGSET");
    }

    /// <summary>Asks for a piece of the memory file at an address, instead of what is there; made by <see cref="Flush"/>. One that continues the one
    /// asked for before is joined with it.</summary>
    public void Map(ulong address, ulong length, int protection, long offset)
    {
        // SAFETY: the entry before the next, if there is one.
        nint* last = _table + ((_calls - 1) * StubProgram.EntryWords);
        if (_calls > 0 && last[0] == Mmap && (ulong)(last[1] + last[2]) == address && last[3] == protection && last[6] + last[2] == (nint)offset) last[2] += (nint)length;
        else Add(Mmap, (nint)address, (nint)length, protection, SharedFixed, _memory.Number, (nint)offset);
    }

    /// <summary>Asks for a piece to be gone; made by <see cref="Flush"/>.</summary>
    public void Unmap(ulong address, ulong length) => Add(Munmap, (nint)address, (nint)length);

    /// <summary>Asks for all pieces to be gone; made by <see cref="Flush"/>.</summary>
    public void UnmapAll()
    {
        Add(Munmap, 0, (nint)_place);
        Add(Munmap, (nint)(_place + PlaceLength), (nint)(End - _place - PlaceLength));
    }

    /// <summary>Makes what was asked for. The registers are others afterwards. False if the kernel refused one of the calls: then any may be missing.</summary>
    public bool Flush()
    {
        if (_calls == 0) return true;
        _table[_calls * StubProgram.EntryWords] = -1;
        _calls = 0;
        Enter(StubProgram.ManyCalls);
        Registers.rbx = _place + Page;
        RunToTrap();
        return Registers.rax == ulong.MaxValue;
    }

    public void Read() => Check(Libc.Trace(Libc.PTRACE_GETREGS, Pid, 0, (nint)_registers), "PTRACE_GETREGS");

    public void Write() => Check(Libc.Trace(Libc.PTRACE_SETREGS, Pid, 0, (nint)_registers), "PTRACE_SETREGS");

    public void ReadExtended() =>
        Check(Libc.TraceRegisterSet(Libc.PTRACE_GETREGSET, Pid, Libc.NT_X86_XSTATE, _state, StateLength) == StateLength, "PTRACE_GETREGSET");

    public void WriteExtended() =>
        Check(Libc.TraceRegisterSet(Libc.PTRACE_SETREGSET, Pid, Libc.NT_X86_XSTATE, _state, StateLength) >= 0, "PTRACE_SETREGSET");

    /// <summary>Lets it run until something stops it; a system call stops it and is not made.</summary>
    public TraceStop Run()
    {
        if (_wasKicked)
        {
            _wasKicked = false;
            return new(KickSignal, false);
        }
        Check(Libc.Trace(Libc.PTRACE_SYSEMU, Pid), "PTRACE_SYSEMU");
        return Stopped(Libc.WaitTraced(Pid));
    }

    /// <summary>Lets it run one instruction: it stops for SIGTRAP, or for what the instruction has met. A kick in between is for the next
    /// <see cref="Run"/>.</summary>
    public TraceStop Step()
    {
        while (true)
        {
            Check(Libc.Trace(Libc.PTRACE_SYSEMU_SINGLESTEP, Pid), "PTRACE_SYSEMU_SINGLESTEP");
            TraceStop stop = Stopped(Libc.WaitTraced(Pid));
            if (stop.Signal is Libc.SIGTRAP or Libc.SIGSEGV or Libc.SIGBUS or Libc.SIGFPE or Libc.SIGILL) return stop;
            _wasKicked |= stop.Signal == KickSignal;
        }
    }

    /// <summary>Address and code of the fault that it stopped for.</summary>
    public (ulong Address, int Code) Fault()
    {
        Libc.siginfo_t info = default;
        Check(Libc.Trace(Libc.PTRACE_GETSIGINFO, Pid, 0, (nint)(&info)), "PTRACE_GETSIGINFO");
        return (*(ulong*)((byte*)&info + 16), info.si_code);
    }

    /// <summary>Sets the breakpoints: it stops for SIGTRAP, with <see cref="Libc.TRAP_HWBKPT"/> in <see cref="Fault"/>, before it runs an instruction
    /// at one of these addresses, unless the resume flag is set. False, with none set, where the host has none to give. [SDM3] 19.2</summary>
    public bool SetBreakpoints(ReadOnlySpan<ulong> addresses)
    {
        bool done = Poke(Control, 0);
        nint enabled = 0;
        for (int i = 0; i < addresses.Length && done; i++)
        {
            done = Poke(i, (nint)addresses[i]);
            enabled |= 1 << (2 * i);
        }
        if (done && Poke(Control, enabled)) return true;
        Check(Poke(Control, 0), "PTRACE_POKEUSER");
        return false;

        bool Poke(int register, nint value) => Libc.Trace(Libc.PTRACE_POKEUSER, Pid, Libc.OffsetOfDebugRegisters + (8 * register), value);
    }

    /// <summary>Makes <see cref="Run"/> return with <see cref="KickSignal"/>, now or as soon as it begins. Any thread.</summary>
    public void Kick() => Libc.SendSignal(Pid, KickSignal);

    public void Dispose()
    {
        if (_process.IsClosed) return;
        Libc.SendSignal(_process, Libc.SIGKILL);
        // Where a thread still traces it, that thread's end reaps it.
        Libc.Wait(_process);
        _process.Dispose();
        _window?.Dispose();
        _control.Dispose();
        Libc.Unmap((nint)_table, Page);
        NativeMemory.Free(_registers);
    }

    private void Add(nint number, nint a = 0, nint b = 0, nint c = 0, nint d = 0, nint e = 0, nint f = 0)
    {
        if (_calls == MaxCalls && !Flush()) throw new LinuxException("mmap", Errno.ENOMEM, "the stub process");
        ReadOnlySpan<nint> words = [number, a, b, c, d, e, f];
        // SAFETY: the index is below the table's length; words are fewer than an entry has.
        words.CopyTo(new Span<nint>(_table + (_calls++ * StubProgram.EntryWords), StubProgram.EntryWords));
    }

    private void Call(nint number, nint a, nint b = 0, nint c = 0, nint d = 0, nint e = 0, nint f = 0)
    {
        Enter(StubProgram.OneCall);
        ref Libc.user_regs_struct r = ref Registers;
        (r.rax, r.rdi, r.rsi, r.rdx, r.r10, r.r8, r.r9) = ((ulong)number, (ulong)a, (ulong)b, (ulong)c, (ulong)d, (ulong)e, (ulong)f);
        RunToTrap();
        if ((long)r.rax < 0) throw new LinuxException($"system call {number}", (Errno)(-(long)r.rax), "the stub process");
    }

    private void Enter(int offset)
    {
        Registers = _initial;
        Registers.rip = _place + (ulong)offset;
    }

    private void RunToTrap()
    {
        Write();
        while (true)
        {
            Check(Libc.Trace(Libc.PTRACE_CONT, Pid), "PTRACE_CONT");
            TraceStop stop = Stopped(Libc.WaitTraced(Pid));
            if (stop is { Signal: Libc.SIGTRAP, IsSystemCall: false }) break;
            _wasKicked = stop.Signal == KickSignal;
            if (!_wasKicked) throw new LinuxException("ptrace", Errno.EIO, $"the stub process stopped for signal {stop.Signal}");
        }
        Read();
    }

    /// <summary>Mappings of the memory file, their removal, and nothing else for the rest of its life. [SECCOMP]</summary>
    private void Confine(ulong at)
    {
        const ushort load = 0x20, equal = 0x15, done = 0x06;
        const int number = 0, arch = 4, flags = 16 + (3 * 8), file = 16 + (4 * 8);
        ReadOnlySpan<Libc.sock_filter> lines =
        [
            new() { code = load, k = arch },
            new() { code = equal, jf = 8, k = ArchX64 },
            new() { code = load, k = number },
            new() { code = equal, jt = 5, k = (uint)Munmap },
            new() { code = equal, jf = 5, k = (uint)Mmap },
            new() { code = load, k = flags },
            new() { code = equal, jf = 3, k = SharedFixed },
            new() { code = load, k = file },
            new() { code = equal, jf = 1, k = (uint)_memory.Number },
            new() { code = done, k = Libc.SECCOMP_RET_ALLOW },
            new() { code = done, k = Libc.SECCOMP_RET_TRAP },
        ];
        // sock_fprog: a 16-bit count, padding, and the address of the lines that follow it.
        var program = new Span<byte>(_table, Page);
        program.Clear();
        MemoryMarshal.Write(program, (ushort)lines.Length);
        MemoryMarshal.Write(program[8..], at + 16);
        MemoryMarshal.AsBytes(lines).CopyTo(program[16..]);
        Call(Seccomp, (nint)Libc.SECCOMP_SET_MODE_FILTER, 0, (nint)at);
    }

    private static TraceStop Stopped(int status)
    {
        if (status < 0 || (status & 0xFF) != 0x7F) throw new LinuxException("wait4", Errno.ESRCH, "the stub process was ended from outside");
        int signal = (status >> 8) & 0xFF;
        return new(signal & 0x7F, signal == (Libc.SIGTRAP | 0x80));
    }

    private static void Check(bool success, string call)
    {
        if (!success) throw new LinuxException(call, Libc.LastErrno, "the stub process");
    }
}
