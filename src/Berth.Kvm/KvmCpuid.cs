using Berth.Linux;
using Berth.X86;
using static Berth.Linux.KvmRequest;

namespace Berth.Kvm;

/// <summary>What CPUID answers in a guest: the model's answers, less the features that KVM does not offer on this host.</summary>
internal sealed unsafe class KvmCpuid
{
    private const int MaxEntries = 256;
    private const uint X2Apic = 1 << 21, TscDeadline = 1 << 24, Osxsave = 1 << 27, Hypervisor = 1u << 31, Threads = 1 << 28;

    // The leaves of the model; those with an index list theirs.
    private static readonly (uint Leaf, uint Indexes)[] s_leaves =
    [
        (0, 0), (1, 0), (2, 0), (4, 4), (6, 0), (7, 3), (0xB, 3), (0xD, 3), (0x15, 0), (0x16, 0), (0x4000_0000, 0), (0x4000_0001, 0), (0x4000_0010, 0),
        (0x8000_0000, 0), (0x8000_0001, 0), (0x8000_0002, 0), (0x8000_0003, 0), (0x8000_0004, 0), (0x8000_0006, 0), (0x8000_0007, 0), (0x8000_0008, 0),
    ];

    // Bits that kernels and programs choose code by.
    private static readonly (uint Leaf, char Register, int Bit, string Name)[] s_names =
    [
        (1, 'c', 0, "SSE3"), (1, 'c', 1, "PCLMULQDQ"), (1, 'c', 9, "SSSE3"), (1, 'c', 12, "FMA"), (1, 'c', 13, "CMPXCHG16B"), (1, 'c', 17, "PCID"),
        (1, 'c', 19, "SSE4.1"), (1, 'c', 20, "SSE4.2"), (1, 'c', 22, "MOVBE"), (1, 'c', 23, "POPCNT"), (1, 'c', 25, "AES"), (1, 'c', 26, "XSAVE"),
        (1, 'c', 28, "AVX"), (1, 'c', 29, "F16C"), (1, 'c', 30, "RDRAND"), (7, 'b', 0, "FSGSBASE"), (7, 'b', 1, "TSC_ADJUST"), (7, 'b', 3, "BMI1"),
        (7, 'b', 5, "AVX2"), (7, 'b', 7, "SMEP"), (7, 'b', 8, "BMI2"), (7, 'b', 9, "ERMS"), (7, 'b', 10, "INVPCID"), (7, 'b', 18, "RDSEED"), (7, 'b', 19, "ADX"),
        (7, 'b', 20, "SMAP"), (7, 'b', 23, "CLFLUSHOPT"), (7, 'b', 29, "SHA"), (7, 'c', 2, "UMIP"), (7, 'c', 22, "RDPID"),
        (0x8000_0001, 'c', 5, "LZCNT"), (0x8000_0001, 'd', 20, "NX"), (0x8000_0001, 'd', 26, "1GB pages"), (0x8000_0001, 'd', 27, "RDTSCP"),
    ];

    private readonly Dictionary<(uint Leaf, uint Index), CpuidResult> _offered = [];

    /// <exception cref="LinuxException">The kernel does not tell.</exception>
    public KvmCpuid(FileDescriptor device)
    {
        byte[] buffer = new byte[8 + MaxEntries * sizeof(Libc.kvm_cpuid_entry2)];
        // SAFETY: the header tells the kernel how many entries the buffer has room for.
        fixed (byte* pointer = buffer)
        {
            *(uint*)pointer = MaxEntries;
            Libc.Kvm(device, KVM_GET_SUPPORTED_CPUID, (nint)pointer);
            var entries = (Libc.kvm_cpuid_entry2*)(pointer + 8);
            for (uint i = 0; i < Math.Min(*(uint*)pointer, MaxEntries); i++)
                _offered[(entries[i].function, entries[i].index)] = new(entries[i].eax, entries[i].ebx, entries[i].ecx, entries[i].edx);
        }
        Missing = [.. s_names.Where(IsMissing).Select(n => n.Name)];
    }

    private bool IsMissing((uint Leaf, char Register, int Bit, string Name) feature)
    {
        CpuidResult model = CpuModel.Query(feature.Leaf, 0, default);
        uint lost = Word(model, feature.Register) & ~Word(Filter(feature.Leaf, 0, model), feature.Register);
        return (lost >> feature.Bit & 1) != 0;
    }

    /// <summary>Names of what the model has and KVM does not offer.</summary>
    public IReadOnlyList<string> Missing { get; }

    /// <summary>Components of extended state that guests have.</summary>
    public ulong Xcr0 => Filter(0xD, 0, CpuModel.Query(0xD, 0, default)).Eax;

    /// <summary>Tells KVM what one processor answers.</summary>
    public void Install(FileDescriptor cpu, in CpuidContext context)
    {
        byte[] buffer = new byte[8 + MaxEntries * sizeof(Libc.kvm_cpuid_entry2)];
        // SAFETY: there are fewer leaves and indexes than entries.
        fixed (byte* pointer = buffer)
        {
            var entry = (Libc.kvm_cpuid_entry2*)(pointer + 8);
            foreach ((uint leaf, uint indexes) in s_leaves)
            {
                for (uint index = 0; index < Math.Max(indexes, 1); index++)
                {
                    CpuidResult answer = Filter(leaf, index, CpuModel.Query(leaf, index, context));
                    *entry++ = new()
                    {
                        function = leaf,
                        index = index,
                        flags = indexes > 0 ? Libc.KVM_CPUID_FLAG_SIGNIFCANT_INDEX : 0,
                        eax = answer.Eax,
                        ebx = answer.Ebx,
                        ecx = answer.Ecx,
                        edx = answer.Edx,
                    };
                }
            }
            *(uint*)pointer = (uint)(((byte*)entry - (pointer + 8)) / sizeof(Libc.kvm_cpuid_entry2));
            Libc.Kvm(cpu, KVM_SET_CPUID2, (nint)pointer);
        }
    }

    // Words that hold feature bits are cut to what KVM offers; the others describe the model.
    private CpuidResult Filter(uint leaf, uint index, CpuidResult model)
    {
        CpuidResult offered = _offered.GetValueOrDefault((leaf, index));
        return (leaf, index) switch
        {
            // These are KVM's own to give: with its APIC they are always there, or it sets them itself.
            (1, _) => model with { Ecx = model.Ecx & (offered.Ecx | X2Apic | TscDeadline | Osxsave | Hypervisor), Edx = model.Edx & (offered.Edx | Threads) },
            (7, 0) => model with { Ebx = model.Ebx & offered.Ebx, Ecx = model.Ecx & offered.Ecx, Edx = model.Edx & offered.Edx },
            (7, 2) => model with { Edx = model.Edx & offered.Edx },
            (0xD, 0) => model with { Eax = model.Eax & offered.Eax },
            (0xD, 1) => model with { Eax = model.Eax & offered.Eax },
            (0x4000_0001, _) => model with { Eax = model.Eax & offered.Eax },
            (0x8000_0001, _) => model with { Ecx = model.Ecx & offered.Ecx, Edx = model.Edx & offered.Edx },
            (0x8000_0008, _) => model with { Eax = (model.Eax & ~0xFFu) | Math.Min(model.Eax & 0xFF, offered.Eax & 0xFF) },
            _ => model,
        };
    }

    private static uint Word(CpuidResult answer, char register) => register switch { 'b' => answer.Ebx, 'c' => answer.Ecx, _ => answer.Edx };
}
