using System.Runtime.InteropServices;

namespace Berth.Linux;

// asm/kvm.h, x86
public static partial class Libc
{
    public const uint KVM_CPUID_FLAG_SIGNIFCANT_INDEX = 1;
    public const uint KVM_MSR_FILTER_READ = 1, KVM_MSR_FILTER_WRITE = 2, KVM_MSR_FILTER_DEFAULT_DENY = 1;
    public const int KVM_MSR_FILTER_MAX_RANGES = 16;
    public const uint KVM_VCPUEVENT_VALID_NMI_PENDING = 1, KVM_VCPUEVENT_VALID_SIPI_VECTOR = 2, KVM_VCPUEVENT_VALID_SHADOW = 4;
    public const ulong KVM_X86_QUIRK_LINT0_REENABLED = 1;
    public const int KVM_APIC_REG_SIZE = 0x400;

    /// <summary>RAX, RBX, RCX, RDX, RSI, RDI, RSP, RBP, then R8 to R15: not the order of their encoding.</summary>
    public struct kvm_regs
    {
        public ulong rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp, r8, r9, r10, r11, r12, r13, r14, r15, rip, rflags;
    }

    [StructLayout(LayoutKind.Sequential, Size = 24)]
    public struct kvm_segment
    {
        public ulong @base;
        public uint limit;
        public ushort selector;
        public byte type, present, dpl, db, s, l, g, avl, unusable;
    }

    public struct kvm_dtable
    {
        public ulong @base;
        public ushort limit;
        private unsafe fixed ushort _padding[3];
    }

    public unsafe struct kvm_sregs
    {
        public kvm_segment cs, ds, es, fs, gs, ss, tr, ldt;
        public kvm_dtable gdt, idt;
        public ulong cr0, cr2, cr3, cr4, cr8, efer, apic_base;
        public fixed ulong interrupt_bitmap[4];
    }

    public unsafe struct kvm_debugregs
    {
        public fixed ulong db[4];
        public ulong dr6, dr7, flags;
        private fixed ulong _reserved[9];
    }

    /// <summary>Extended control registers; Berth's processors have one.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 392)]
    public struct kvm_xcrs
    {
        public uint nr_xcrs, flags, xcr, reserved;
        public ulong value;
    }

    [StructLayout(LayoutKind.Sequential, Size = 4096)]
    public struct kvm_xsave
    {
        public uint region;
    }

    public unsafe struct kvm_lapic_state
    {
        public fixed byte regs[KVM_APIC_REG_SIZE];
    }

    [StructLayout(LayoutKind.Sequential, Size = 64)]
    public struct kvm_vcpu_events
    {
        public byte exception_injected, exception_nr, exception_has_error_code, exception_pending;
        public uint exception_error_code;
        public byte interrupt_injected, interrupt_nr, interrupt_soft, interrupt_shadow;
        public byte nmi_injected, nmi_pending, nmi_masked, nmi_pad;
        public uint sipi_vector, flags;
    }

    public struct kvm_msr_entry
    {
        public uint index, reserved;
        public ulong data;
    }

    /// <summary>struct kvm_msrs with one entry.</summary>
    public struct kvm_msrs
    {
        public uint nmsrs, pad;
        public kvm_msr_entry entry;
    }

    public unsafe struct kvm_cpuid_entry2
    {
        public uint function, index, flags, eax, ebx, ecx, edx;
        private fixed uint _padding[3];
    }

    public struct kvm_msr_filter_range
    {
        public uint flags, nmsrs, @base;
        public nint bitmap;
    }
}
