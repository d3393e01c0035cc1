using System.Runtime.InteropServices;

namespace Berth.Linux;

// linux/bpf.h
public static partial class Libc
{
    public const int BPF_PROG_LOAD = 5, BPF_PROG_ATTACH = 8, BPF_PROG_DETACH = 9;
    public const uint BPF_PROG_TYPE_CGROUP_DEVICE = 15, BPF_CGROUP_DEVICE = 6, BPF_F_ALLOW_MULTI = 2;

    private static nint SYS_bpf => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 280 : 321;

    [StructLayout(LayoutKind.Sequential, Size = 128)]
    private struct bpf_attr_load
    {
        public uint prog_type, insn_cnt;
        public ulong insns, license;
        public uint log_level, log_size;
        public ulong log_buf;
        public uint kern_version, prog_flags;
    }

    private struct bpf_attr_attach
    {
        public uint target_fd, attach_bpf_fd, attach_type, attach_flags, replace_bpf_fd;
    }

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint bpf_load(nint number, nint command, in bpf_attr_load attr, nint size);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint bpf_attach(nint number, nint command, in bpf_attr_attach attr, nint size);

    /// <summary>Loads an eBPF program of the given type; <paramref name="instructions"/> are 8 bytes each.</summary>
    public static unsafe FileDescriptor LoadBpfProgram(uint type, ReadOnlySpan<ulong> instructions)
    {
        byte[] log = new byte[4096];
        // SAFETY: program, licence text and log stay pinned during the call; their lengths are given.
        fixed (ulong* program = instructions)
        fixed (byte* license = "Apache-2.0\0"u8)
        fixed (byte* logBuffer = log)
        {
            bpf_attr_load attr = new()
            {
                prog_type = type,
                insn_cnt = (uint)instructions.Length,
                insns = (ulong)program,
                license = (ulong)license,
                log_level = 1,
                log_size = (uint)log.Length,
                log_buf = (ulong)logBuffer,
            };
            nint fd = bpf_load(SYS_bpf, BPF_PROG_LOAD, in attr, sizeof(bpf_attr_load));
            // A verifier log that does not fit fails the load (ENOSPC); then the program goes without it.
            if (fd < 0 && LastErrno == Errno.ENOSPC)
            {
                attr.log_level = 0;
                attr.log_size = 0;
                attr.log_buf = 0;
                fd = bpf_load(SYS_bpf, BPF_PROG_LOAD, in attr, sizeof(bpf_attr_load));
            }
            return new FileDescriptor((int)Check(fd, "bpf", "BPF_PROG_LOAD"));
        }
    }

    /// <summary>Attaches a program to a cgroup directory.</summary>
    public static unsafe void AttachBpfProgram(FileDescriptor cgroup, FileDescriptor program, uint type, uint flags)
    {
        bpf_attr_attach attr = new()
        {
            target_fd = (uint)cgroup.Number,
            attach_bpf_fd = (uint)program.Number,
            attach_type = type,
            attach_flags = flags,
        };
        Check(bpf_attach(SYS_bpf, BPF_PROG_ATTACH, in attr, sizeof(bpf_attr_attach)), "bpf", "BPF_PROG_ATTACH");
    }

    /// <summary>Detaches a program from a cgroup directory.</summary>
    public static unsafe void DetachBpfProgram(FileDescriptor cgroup, FileDescriptor program, uint type)
    {
        bpf_attr_attach attr = new() { target_fd = (uint)cgroup.Number, attach_bpf_fd = (uint)program.Number, attach_type = type };
        Check(bpf_attach(SYS_bpf, BPF_PROG_DETACH, in attr, sizeof(bpf_attr_attach)), "bpf", "BPF_PROG_DETACH");
    }
}
