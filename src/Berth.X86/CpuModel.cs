using System.Buffers.Binary;
using System.Text;

namespace Berth.X86;

/// <summary>A named processor model: what CPUID says. Backends and snapshots agree by using the same one. Spec: [SDM2A] CPUID.</summary>
/// <remarks>Vendor and bits are chosen so that Linux needs neither page-table isolation nor retpolines (RDCL_NO, IBRS_ALL, BHI_NO, …).
/// Left out on purpose: MWAIT, LA57, XSAVEC/XSAVES, AVX-512.</remarks>
public sealed class CpuModel
{
    private static readonly uint[] s_brand = Words("Berth Virtual CPU x86-64-v3", 48);

    private CpuModel(string name) => Name = name;

    /// <summary>x86-64-v3: AVX2, FMA, BMI, F16C, MOVBE, LZCNT, with AES, CLMUL, SHA, ADX, RDRAND, PCID, SMEP, SMAP, UMIP.</summary>
    public static CpuModel Baseline { get; } = new("x86-64-v3");

    /// <summary>Name for users and snapshots.</summary>
    public string Name { get; }

    /// <summary>Bits that XCR0 may hold: x87, SSE, AVX.</summary>
    public static ulong Xcr0 => 7;

    /// <summary>Bytes of a standard XSAVE area with everything in <see cref="Xcr0"/>.</summary>
    public const int XsaveSize = 832;

    /// <summary>Physical address bits.</summary>
    public const int PhysicalAddressBits = 40;

    /// <summary>IA32_ARCH_CAPABILITIES: not affected by Meltdown, L1TF, MDS, TAA, MMIO stale data, BHI, GDS, RFDS, ITS; enhanced IBRS.</summary>
    public static ulong ArchitectureCapabilities =>
        1UL << 62 | 1 | 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 8 | 1 << 13 | 1 << 14 | 1 << 15 | 1 << 20 | 1 << 24 | 1 << 26 | 1 << 27;

    /// <summary>IA32_MISC_ENABLE at power-on: fast strings, no branch trace storage, no precise event sampling.</summary>
    public static ulong MiscEnable => 1 | 1 << 11 | 1 << 12;

    /// <summary>IA32_BIOS_SIGN_ID: microcode revision 1.</summary>
    public static ulong MicrocodeRevision => 1UL << 32;

    /// <summary>Family 6, model 106, stepping 6: what CPUID leaf 1 says in EAX, and EDX holds at reset.</summary>
    public const uint Signature = 6 << 8 | 0xA << 4 | 6 << 16 | 6;

    /// <summary>Answers CPUID for one processor.</summary>
    public static CpuidResult Query(uint leaf, uint subleaf, in CpuidContext context)
    {
        // [SDM2A] CPUID: a leaf above the maximum of its range answers like the highest basic leaf.
        if (leaf is > 0x16 and < 0x4000_0000 or > 0x8000_0008 or > 0x4000_0010 and < 0x8000_0000) leaf = 0x16;
        return leaf switch
        {
            0 => new(0x16, 0x756E_6547, 0x6C65_746E, 0x4965_6E69), // GenuineIntel
            1 => Leaf1(context),
            2 => new(0x00FF_FF01, 0, 0, 0),
            4 => Caches(subleaf, context),
            6 => new(1 << 2, 0, 0, 0), // the APIC timer never stops
            7 when subleaf == 0 => new(2, Leaf7Ebx, 1 << 2 | 1 << 22, 1u << 4 | 1u << 26 | 1u << 29 | 1u << 31),
            7 when subleaf == 2 => new(0, 0, 0, 1 << 4), // BHI_CTRL: one MSR bit instead of a loop at each system call
            0xB => Topology(subleaf, context),
            0xD => Xsave(subleaf, context),
            0x15 => Crystal(context.TscFrequency),
            0x16 => new((uint)(context.TscFrequency / 1_000_000), (uint)(context.TscFrequency / 1_000_000), 100, 0),
            0x4000_0000 => new(0x4000_0010, 0x4B4D_564B, 0x564B_4D56, 0x4D), // KVMKVMKVM
            0x4000_0001 => new(1 << 1 | 1 << 3 | 1 << 24, 0, 0, 0), // no I/O delay, clock at the new MSRs, stable clock
            0x4000_0010 => new((uint)(context.TscFrequency / 1000), 1_000_000, 0, 0),
            0x8000_0000 => new(0x8000_0008, 0, 0, 0),
            0x8000_0001 => new(0, 0, 1 | 1 << 5 | 1 << 8, 1 << 11 | 1 << 20 | 1 << 26 | 1 << 27 | 1 << 29),
            >= 0x8000_0002 and <= 0x8000_0004 => Brand((int)(leaf - 0x8000_0002) * 4),
            0x8000_0006 => new(0, 0, 0x0200_6040, 0),
            0x8000_0007 => new(0, 0, 0, 1 << 8), // invariant TSC
            0x8000_0008 => new(PhysicalAddressBits | 48 << 8, 0, 0, 0),
            _ => default,
        };
    }

    // FSGSBASE, TSC_ADJUST, BMI1, AVX2, SMEP, BMI2, ERMS, INVPCID, RDSEED, ADX, SMAP, CLFLUSHOPT, SHA
    private static uint Leaf7Ebx =>
        1 | 1 << 1 | 1 << 3 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 18 | 1 << 19 | 1 << 20 | 1 << 23 | 1 << 29;

    private static CpuidResult Leaf1(in CpuidContext context)
    {
        uint ebx = (uint)context.ApicId << 24 | (uint)Math.Min(context.CpuCount, 255) << 16 | 8 << 8;
        // SSE3, PCLMULQDQ, SSSE3, FMA, CMPXCHG16B, PCID, SSE4.1, SSE4.2, x2APIC, MOVBE, POPCNT, TSC deadline, AES, XSAVE, AVX, F16C, RDRAND, hypervisor
        const uint ecx = 1 | 1 << 1 | 1 << 9 | 1 << 12 | 1 << 13 | 1 << 17 | 1 << 19 | 1 << 20 | 1 << 21 | 1 << 22 | 1 << 23 | 1 << 24
            | 1 << 25 | 1 << 26 | 1 << 28 | 1 << 29 | 1 << 30 | 1u << 31;
        // FPU, VME, DE, PSE, TSC, MSR, PAE, MCE, CX8, APIC, SEP, MTRR, PGE, MCA, CMOV, PAT, PSE36, CLFSH, MMX, FXSR, SSE, SSE2, SS
        const uint edx = 0x3FF | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 17 | 1 << 19 | 1 << 23 | 1 << 24 | 1 << 25
            | 1 << 26 | 1 << 27;
        return new(Signature, ebx, ecx | (context.Osxsave ? 1u << 27 : 0), edx | (context.CpuCount > 1 ? 1u << 28 : 0));
    }

    private static CpuidResult Caches(uint subleaf, in CpuidContext context)
    {
        uint cores = (uint)Math.Min(Math.Max(context.CpuCount, 1), 64) - 1 << 26;
        return subleaf switch
        {
            0 => new(cores | 1 << 5 | 1 << 8 | 1, 11 << 22 | 63, 63, 0), // 48 KiB L1 data
            1 => new(cores | 1 << 5 | 1 << 8 | 2, 7 << 22 | 63, 63, 0), // 32 KiB L1 instruction
            2 => new(cores | 2 << 5 | 1 << 8 | 3, 15 << 22 | 63, 1023, 0), // 1 MiB L2
            _ => default,
        };
    }

    private static CpuidResult Topology(uint subleaf, in CpuidContext context)
    {
        uint id = (uint)context.ApicId;
        int bits = 32 - int.LeadingZeroCount(Math.Max(context.CpuCount, 1) - 1);
        return subleaf switch
        {
            0 => new(0, 1, 1 << 8, id),
            1 => new((uint)bits, (uint)context.CpuCount, 2 << 8 | 1, id),
            _ => new(0, 0, subleaf & 0xFF, id),
        };
    }

    private static CpuidResult Xsave(uint subleaf, in CpuidContext context) => subleaf switch
    {
        0 => new((uint)Xcr0, (context.Xcr0 & 4) != 0 ? XsaveSize : 576u, XsaveSize, 0),
        1 => new(1, 0, 0, 0), // XSAVEOPT
        2 => new(256, 576, 0, 0),
        _ => default,
    };

    // The TSC as a multiple of a crystal whose frequency fits into 32 bits.
    private static CpuidResult Crystal(ulong frequency)
    {
        uint multiple = (uint)(frequency / uint.MaxValue) + 1;
        return new(1, multiple, (uint)(frequency / multiple), 0);
    }

    private static CpuidResult Brand(int word) => new(s_brand[word], s_brand[word + 1], s_brand[word + 2], s_brand[word + 3]);

    private static uint[] Words(string text, int bytes)
    {
        byte[] raw = new byte[bytes];
        Encoding.ASCII.GetBytes(text, raw);
        return [.. Enumerable.Range(0, bytes / 4).Select(i => BinaryPrimitives.ReadUInt32LittleEndian(raw.AsSpan(i * 4)))];
    }
}
