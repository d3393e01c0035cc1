using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Berth.Linux;

namespace Berth.Vmm.Confinement;

/// <summary>The second filter, put on all threads once the machine stands: what a VMM that was taken over from inside would want and a running
/// one never needs is refused. No program is started, nothing is connected to, nothing is mounted. [SECCOMP]</summary>
internal static class AfterStart
{
    private const uint ArchX64 = 0xC000_003E, ThreadFlag = 0x1_0000;
    private const int NumberOffset = 0, ArchOffset = 4, FirstArgument = 16, SecondArgument = 24;

    // [SECCOMP] classic BPF: load a word, keep bits of it, jump if equal, jump if bits are set, return.
    private const ushort Load = 0x20, And = 0x54, JumpIfEqual = 0x15, JumpIfSet = 0x45, Return = 0x06;

    private const uint NotPermitted = Libc.SECCOMP_RET_ERRNO | (uint)Errno.EPERM, NotThere = Libc.SECCOMP_RET_ERRNO | (uint)Errno.ENOSYS;

    // asm/unistd_64.h
    private const uint Ioctl = 16, Clone = 56, Ptrace = 101, Clone3 = 435;

    // linux/kvm.h: the type of its requests, in its place in their number.
    private const uint RequestType = 0xFF00, KvmRequests = 0xAE00;

    private static readonly uint[] s_refused =
    [
        41, 42, 49, 50, 53, // socket, connect, bind, listen, socketpair
        57, 58, 59, 322, // fork, vfork, execve, execveat
        310, 311, 312, // process_vm_readv, process_vm_writev, kcmp
        105, 106, 113, 114, 117, 119, // set*id
        135, 155, 161, 165, 166, 272, 308, // personality, pivot_root, chroot, mount, umount2, unshare, setns
        428, 429, 430, 431, 432, 442, // open_tree, move_mount, fsopen, fsconfig, fsmount, mount_setattr
        246, 320, 175, 176, 313, 169, // kexec, modules, reboot
        248, 249, 250, 298, 303, 304, 321, 323, // keys, perf_event_open, file handles, bpf, userfaultfd
        425, 426, 427, 438, // io_uring, pidfd_getfd
    ];

    // What only one who serves shared folders needs: to make what the guest makes in them, as the guest's user.
    private static readonly uint[] s_refusedWithoutFolders =
    [
        126, // capset
        133, 259, 86, 88, 265, 266, // mknod, link and symlink and their *at forms
    ];

    /// <summary>Takes effect at once and for good. Requests of KVM's pass only with <paramref name="kvm"/>, those that make entries of directories
    /// only with <paramref name="folders"/>, and tracing only of the processes that run the guest's user code, <paramref name="users"/>.</summary>
    /// <exception cref="LinuxException">The kernel has no seccomp filters.</exception>
    public static void Apply(bool kvm, bool folders, IReadOnlyList<int> users)
    {
        if (RuntimeInformation.ProcessArchitecture == Architecture.X64) Libc.InstallSeccompFilter(Program(kvm, folders, users), Libc.SECCOMP_FILTER_FLAG_TSYNC);
    }

    /// <summary>The filter: 8 bytes an instruction.</summary>
    internal static byte[] Program(bool kvm, bool folders, IReadOnlyList<int> users)
    {
        List<(ushort Code, byte True, byte False, uint Value)> lines =
        [
            (Load, 0, 0, ArchOffset),
            (JumpIfEqual, 1, 0, ArchX64),
            (Return, 0, 0, Libc.SECCOMP_RET_KILL_PROCESS),
            (Load, 0, 0, NumberOffset),
            // The C library goes on with clone, whose flags can be looked at.
            (JumpIfEqual, 0, 1, Clone3),
            (Return, 0, 0, NotThere),
        ];
        foreach (uint number in folders ? s_refused : [.. s_refused, .. s_refusedWithoutFolders])
        {
            lines.Add((JumpIfEqual, 0, 1, number));
            lines.Add((Return, 0, 0, NotPermitted));
        }
        lines.AddRange(
        [
            (JumpIfEqual, 0, (byte)(2 + (2 * users.Count)), Ptrace),
            (Load, 0, 0, SecondArgument),
        ]);
        foreach (int user in users)
        {
            lines.Add((JumpIfEqual, 0, 1, (uint)user));
            lines.Add((Return, 0, 0, Libc.SECCOMP_RET_ALLOW));
        }
        lines.Add((Return, 0, 0, NotPermitted));
        if (!kvm)
        {
            lines.AddRange(
            [
                (JumpIfEqual, 0, 5, Ioctl),
                (Load, 0, 0, SecondArgument),
                (And, 0, 0, RequestType),
                (JumpIfEqual, 0, 1, KvmRequests),
                (Return, 0, 0, NotPermitted),
                (Return, 0, 0, Libc.SECCOMP_RET_ALLOW),
            ]);
        }
        lines.AddRange(
        [
            (JumpIfEqual, 0, 3, Clone),
            (Load, 0, 0, FirstArgument),
            (JumpIfSet, 1, 0, ThreadFlag),
            (Return, 0, 0, NotPermitted),
            (Return, 0, 0, Libc.SECCOMP_RET_ALLOW),
        ]);
        byte[] program = new byte[8 * lines.Count];
        for (int i = 0; i < lines.Count; i++)
        {
            Span<byte> at = program.AsSpan(8 * i);
            BinaryPrimitives.WriteUInt16LittleEndian(at, lines[i].Code);
            (at[2], at[3]) = (lines[i].True, lines[i].False);
            BinaryPrimitives.WriteUInt32LittleEndian(at[4..], lines[i].Value);
        }
        return program;
    }
}
