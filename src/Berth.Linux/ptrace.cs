using System.Runtime.InteropServices;

namespace Berth.Linux;

// sys/ptrace.h, sys/user.h (x86-64)
public static partial class Libc
{
    public const int PTRACE_POKEUSER = 6, PTRACE_CONT = 7, PTRACE_GETREGS = 12, PTRACE_SETREGS = 13, PTRACE_SYSEMU = 31, PTRACE_SYSEMU_SINGLESTEP = 32, PTRACE_GETSIGINFO = 0x4202,
        PTRACE_GETREGSET = 0x4204, PTRACE_SETREGSET = 0x4205, PTRACE_SEIZE = 0x4206, PTRACE_INTERRUPT = 0x4207;
    public const int PTRACE_O_TRACESYSGOOD = 1, PTRACE_O_EXITKILL = 0x100000;

    /// <summary>The register set of XSAVE's standard format.</summary>
    public const int NT_X86_XSTATE = 0x202;

    public const int SEGV_MAPERR = 1, SEGV_ACCERR = 2, SI_KERNEL = 0x80, TRAP_HWBKPT = 4;

    /// <summary>Where struct user has DR0.</summary>
    public const int OffsetOfDebugRegisters = 848;

    private const nint SYS_ptrace = 101;
    private const int WAIT_ALL = 0x40000000; // __WALL

    /// <summary>The general registers of a traced thread.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct user_regs_struct
    {
        public ulong r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax, rip, cs, eflags, rsp, ss, fs_base, gs_base, ds, es, fs, gs;
    }

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint ptrace(nint number, nint request, nint pid, nint address, nint data);

    [LibraryImport(Library, SetLastError = true)]
    private static unsafe partial int wait4(int pid, int* status, int options, nint usage);

    /// <summary>A request of ptrace(2) by the thread that traces; false with <see cref="LastErrno"/> set.</summary>
    public static bool Trace(int request, int pid, nint address = 0, nint data = 0) => ptrace(SYS_ptrace, request, pid, address, data) >= 0;

    /// <summary>Reads or writes a register set of a stopped thread; gives the bytes the kernel moved, or -1.</summary>
    public static unsafe int TraceRegisterSet(int request, int pid, int set, byte* buffer, int length)
    {
        // SAFETY: the kernel reads or writes at most length bytes at buffer, which the caller vouches for.
        iovec vector = new() { iov_base = (nint)buffer, iov_len = length };
        return Trace(request, pid, set, (nint)(&vector)) ? (int)vector.iov_len : -1;
    }

    /// <summary>Waits for a traced thread to stop or end; the classic wait status, or -1 when it is no longer there.</summary>
    public static unsafe int WaitTraced(int pid)
    {
        int status = 0;
        // SAFETY: status lives across the call.
        while (wait4(pid, &status, WAIT_ALL, 0) < 0)
        {
            if (LastErrno != Errno.EINTR) return -1;
        }
        return status;
    }
}
