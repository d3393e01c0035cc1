using Berth.Linux;
using Berth.X86;
using static Berth.Linux.KvmRequest;

namespace Berth.Kvm;

/// <summary>Model-specific registers: which KVM may serve, which are answered here, and the model's first values. All others raise #GP. Spec: [KVM] KVM_X86_SET_MSR_FILTER.</summary>
internal sealed unsafe class KvmMsrs
{
    // Runs of registers that KVM keeps. The x2APIC registers cannot be filtered; KVM serves them always.
    private static readonly (uint First, uint Last)[] s_kept =
    [
        (Msr.Tsc, Msr.Tsc), (Msr.ApicBase, Msr.ApicBase), (Msr.TscAdjust, Msr.TscAdjust), (Msr.SpeculationControl, Msr.PredictionCommand),
        (Msr.MicrocodeRevision, Msr.MicrocodeRevision), (Msr.MtrrCapabilities, Msr.MtrrCapabilities), (Msr.ArchitectureCapabilities, Msr.ArchitectureCapabilities),
        (Msr.SysenterCs, Msr.SysenterEip), (Msr.MiscEnable, Msr.MiscEnable), (Msr.DebugControl, Msr.DebugControl), (Msr.MtrrPhysicalBase0, 0x20F),
        (Msr.MtrrFix64K, Msr.MtrrFix64K), (0x258, 0x259), (0x268, 0x26F), (Msr.Pat, Msr.Pat), (Msr.MtrrDefaultType, Msr.MtrrDefaultType),
        (Msr.TscDeadline, Msr.TscDeadline), (Msr.Efer, Msr.Fmask), (Msr.FsBase, Msr.TscAux), (Msr.KvmWallClock, Msr.KvmSystemTime),
    ];

    // Where those runs lie, each range with a bitmap of its own.
    private static readonly (uint First, int Count)[] s_ranges = [(0, 0x400), (Msr.TscDeadline & ~7u, 8), (Msr.Efer & ~7u, 0x100), (Msr.KvmWallClock, 8)];

    /// <exception cref="LinuxException">The kernel does not tell.</exception>
    public KvmMsrs(FileDescriptor device)
    {
        // Only what the host's own processor says of itself may be promised: a guest leaves mitigations out for it.
        Libc.kvm_msrs request = new() { nmsrs = 1, entry = new() { index = Msr.ArchitectureCapabilities } };
        ulong host = Libc.TryKvm(device, KVM_GET_MSRS, ref request) == 1 ? request.entry.data : 0;
        ArchitectureCapabilities = CpuModel.ArchitectureCapabilities & host;
    }

    /// <summary>IA32_ARCH_CAPABILITIES of guests.</summary>
    public ulong ArchitectureCapabilities { get; }

    public static bool IsKept(uint index) =>
        index is >= Msr.X2ApicFirst and <= Msr.X2ApicLast || Array.Exists(s_kept, run => index >= run.First && index <= run.Last);

    /// <summary>Answers a read that the filter sent here; false = #GP.</summary>
    public static bool TryRead(uint index, out ulong value)
    {
        // Feature control is locked with nothing enabled; there are no machine check banks.
        value = index == Msr.FeatureControl ? 1u : 0;
        return index is Msr.FeatureControl or Msr.MachineCheckCapabilities or Msr.MachineCheckStatus;
    }

    /// <summary>Takes a write that the filter sent here; false = #GP.</summary>
    public static bool TryWrite(uint index, ulong value) => index == Msr.MachineCheckStatus && value == 0;

    public static void InstallFilter(FileDescriptor machine)
    {
        int header = sizeof(ulong), size = sizeof(Libc.kvm_msr_filter_range);
        byte[] request = new byte[header + Libc.KVM_MSR_FILTER_MAX_RANGES * size], bitmaps = new byte[s_ranges.Sum(range => range.Count / 8)];
        // SAFETY: the buffer has the kernel's 16 ranges; each bitmap is as long as its range; both are pinned during the call, which copies them.
        fixed (byte* pointer = request, bits = bitmaps)
        {
            *(uint*)pointer = Libc.KVM_MSR_FILTER_DEFAULT_DENY;
            byte* bitmap = bits;
            for (int i = 0; i < s_ranges.Length; i++)
            {
                (uint first, int count) = s_ranges[i];
                for (int bit = 0; bit < count; bit++)
                    if (IsKept(first + (uint)bit)) bitmap[bit / 8] |= (byte)(1 << bit % 8);
                *(Libc.kvm_msr_filter_range*)(pointer + header + i * size) = new()
                {
                    flags = Libc.KVM_MSR_FILTER_READ | Libc.KVM_MSR_FILTER_WRITE,
                    nmsrs = (uint)count,
                    @base = first,
                    bitmap = (nint)bitmap,
                };
                bitmap += count / 8;
            }
            Libc.Kvm(machine, KVM_X86_SET_MSR_FILTER, (nint)pointer);
        }
    }
}
