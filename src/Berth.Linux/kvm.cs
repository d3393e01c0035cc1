using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Berth.Linux;

// linux/kvm.h
public static partial class Libc
{
    /// <summary>The only version of the interface there is.</summary>
    public const int KVM_API_VERSION = 12;

    public const int KVM_CAP_USER_MEMORY = 3, KVM_CAP_SET_TSS_ADDR = 4, KVM_CAP_EXT_CPUID = 7, KVM_CAP_MP_STATE = 14, KVM_CAP_IRQ_ROUTING = 25, KVM_CAP_IRQFD = 32,
        KVM_CAP_IOEVENTFD = 36, KVM_CAP_SET_IDENTITY_MAP_ADDR = 37, KVM_CAP_ADJUST_CLOCK = 39, KVM_CAP_VCPU_EVENTS = 41, KVM_CAP_DEBUGREGS = 50, KVM_CAP_XSAVE = 55,
        KVM_CAP_XCRS = 56, KVM_CAP_TSC_CONTROL = 60, KVM_CAP_GET_TSC_KHZ = 61, KVM_CAP_TSC_DEADLINE_TIMER = 72, KVM_CAP_SIGNAL_MSI = 77, KVM_CAP_SPLIT_IRQCHIP = 121,
        KVM_CAP_IMMEDIATE_EXIT = 136, KVM_CAP_X86_USER_SPACE_MSR = 188, KVM_CAP_X86_MSR_FILTER = 189, KVM_CAP_DISABLE_QUIRKS2 = 213,
        KVM_CAP_IOEVENTFD_ANY_LENGTH = 122;

    public const uint KVM_EXIT_IO = 2, KVM_EXIT_HLT = 5, KVM_EXIT_MMIO = 6, KVM_EXIT_IRQ_WINDOW_OPEN = 7, KVM_EXIT_SHUTDOWN = 8, KVM_EXIT_FAIL_ENTRY = 9,
        KVM_EXIT_INTR = 10, KVM_EXIT_INTERNAL_ERROR = 17, KVM_EXIT_SYSTEM_EVENT = 24, KVM_EXIT_IOAPIC_EOI = 26, KVM_EXIT_X86_RDMSR = 29, KVM_EXIT_X86_WRMSR = 30;

    public const byte KVM_EXIT_IO_OUT = 1;
    public const uint KVM_INTERNAL_ERROR_EMULATION = 1;
    public const ulong KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES = 1;
    public const uint KVM_MEM_LOG_DIRTY_PAGES = 1;
    public const uint KVM_MP_STATE_RUNNABLE = 0, KVM_MP_STATE_UNINITIALIZED = 1, KVM_MP_STATE_INIT_RECEIVED = 2, KVM_MP_STATE_HALTED = 3, KVM_MP_STATE_SIPI_RECEIVED = 4;
    public const uint KVM_IOEVENTFD_FLAG_DEASSIGN = 4;
    public const uint KVM_IRQFD_FLAG_DEASSIGN = 1, KVM_IRQ_ROUTING_MSI = 2;
    public const uint KVM_MSR_EXIT_REASON_FILTER = 4;

    public struct kvm_userspace_memory_region
    {
        public uint slot, flags;
        public ulong guest_phys_addr, memory_size, userspace_addr;
    }

    public struct kvm_dirty_log
    {
        public uint slot, padding1;
        public nint dirty_bitmap;
    }

    public struct kvm_mp_state
    {
        public uint mp_state;
    }

    public struct kvm_interrupt
    {
        public uint irq;
    }

    public struct kvm_msi
    {
        public uint address_lo, address_hi, data, flags, devid;
        private unsafe fixed byte _pad[12];
    }

    [StructLayout(LayoutKind.Sequential, Size = 48)]
    public struct kvm_irq_routing_entry
    {
        public uint gsi, type, flags, pad;

        // u.msi
        public uint address_lo, address_hi, data, devid;
    }

    [StructLayout(LayoutKind.Sequential, Size = 64)]
    public struct kvm_ioeventfd
    {
        public ulong datamatch, addr;
        public uint len;
        public int fd;
        public uint flags;
    }

    [StructLayout(LayoutKind.Sequential, Size = 32)]
    public struct kvm_irqfd
    {
        public uint fd, gsi, flags, resamplefd;
    }

    [StructLayout(LayoutKind.Sequential, Size = 104)]
    public unsafe struct kvm_enable_cap
    {
        public uint cap, flags;
        public fixed ulong args[4];
    }

    [StructLayout(LayoutKind.Sequential, Size = 48)]
    public struct kvm_clock_data
    {
        public ulong clock;
        public uint flags, pad0;
        public ulong realtime, host_tsc;
    }

    /// <summary>What a processor and its driver share. The fields from 32 on are a union: which hold depends on <c>exit_reason</c>.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 2352)]
    public unsafe struct kvm_run
    {
        [FieldOffset(0)] public byte request_interrupt_window;
        [FieldOffset(1)] public byte immediate_exit;
        [FieldOffset(8)] public uint exit_reason;
        [FieldOffset(12)] public byte ready_for_interrupt_injection;
        [FieldOffset(13)] public byte if_flag;
        [FieldOffset(16)] public ulong cr8;
        [FieldOffset(24)] public ulong apic_base;
        [FieldOffset(32)] public ulong hardware_reason;
        [FieldOffset(32)] public byte io_direction;
        [FieldOffset(33)] public byte io_size;
        [FieldOffset(34)] public ushort io_port;
        [FieldOffset(36)] public uint io_count;
        [FieldOffset(40)] public ulong io_data_offset;
        [FieldOffset(32)] public ulong mmio_phys_addr;
        [FieldOffset(40)] public fixed byte mmio_data[8];
        [FieldOffset(48)] public uint mmio_len;
        [FieldOffset(52)] public byte mmio_is_write;
        [FieldOffset(32)] public uint internal_suberror;
        [FieldOffset(36)] public uint internal_ndata;
        [FieldOffset(40)] public ulong emulation_failure_flags;
        [FieldOffset(48)] public byte emulation_failure_insn_size;
        [FieldOffset(49)] public fixed byte emulation_failure_insn_bytes[15];
        [FieldOffset(32)] public byte eoi_vector;
        [FieldOffset(32)] public byte msr_error;
        [FieldOffset(40)] public uint msr_reason;
        [FieldOffset(44)] public uint msr_index;
        [FieldOffset(48)] public ulong msr_data;
        [FieldOffset(32)] public uint system_event_type;
    }

    /// <summary>One KVM call with a number or nothing as its argument; the answer may be a new descriptor.</summary>
    /// <exception cref="LinuxException">The kernel refused; <paramref name="name"/> is the subject.</exception>
    public static int Kvm(FileDescriptor fd, nuint request, nint argument = 0, [CallerArgumentExpression(nameof(request))] string name = "") =>
        Check(ioctl(fd, request, argument), "ioctl", name);

    /// <summary>One KVM call that fills or reads a structure.</summary>
    /// <exception cref="LinuxException">The kernel refused; <paramref name="name"/> is the subject.</exception>
    public static unsafe int Kvm<T>(FileDescriptor fd, nuint request, ref T argument, [CallerArgumentExpression(nameof(request))] string name = "") where T : unmanaged
    {
        // SAFETY: T is the structure that the request is defined with, and is pinned during the call.
        fixed (T* pointer = &argument) return Check(ioctl(fd, request, (nint)pointer), "ioctl", name);
    }

    /// <summary>As <see cref="Kvm(FileDescriptor, nuint, nint, string)"/>, without an exception: −1 and <see cref="LastErrno"/>.</summary>
    public static int TryKvm(FileDescriptor fd, nuint request, nint argument = 0) => ioctl(fd, request, argument);

    /// <summary>As <see cref="Kvm{T}"/>, without an exception: −1 and <see cref="LastErrno"/>.</summary>
    public static unsafe int TryKvm<T>(FileDescriptor fd, nuint request, ref T argument) where T : unmanaged
    {
        // SAFETY: as above.
        fixed (T* pointer = &argument) return ioctl(fd, request, (nint)pointer);
    }
}
