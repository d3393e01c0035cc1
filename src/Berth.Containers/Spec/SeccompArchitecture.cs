using System.Text.Json.Serialization;

namespace Berth.Containers.Spec;

/// <summary>Architectures a filter can name; see seccomp_arch_add(3).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SeccompArchitecture>))]
public enum SeccompArchitecture
{
    [JsonStringEnumMemberName("SCMP_ARCH_X86")]
    X86,

    [JsonStringEnumMemberName("SCMP_ARCH_X86_64")]
    X64,

    [JsonStringEnumMemberName("SCMP_ARCH_X32")]
    X32,

    [JsonStringEnumMemberName("SCMP_ARCH_ARM")]
    Arm,

    [JsonStringEnumMemberName("SCMP_ARCH_AARCH64")]
    Aarch64,

    [JsonStringEnumMemberName("SCMP_ARCH_MIPS")]
    Mips,

    [JsonStringEnumMemberName("SCMP_ARCH_MIPS64")]
    Mips64,

    [JsonStringEnumMemberName("SCMP_ARCH_MIPS64N32")]
    Mips64n32,

    [JsonStringEnumMemberName("SCMP_ARCH_MIPSEL")]
    Mipsel,

    [JsonStringEnumMemberName("SCMP_ARCH_MIPSEL64")]
    Mipsel64,

    [JsonStringEnumMemberName("SCMP_ARCH_MIPSEL64N32")]
    Mipsel64n32,

    [JsonStringEnumMemberName("SCMP_ARCH_PPC")]
    Ppc,

    [JsonStringEnumMemberName("SCMP_ARCH_PPC64")]
    Ppc64,

    [JsonStringEnumMemberName("SCMP_ARCH_PPC64LE")]
    Ppc64le,

    [JsonStringEnumMemberName("SCMP_ARCH_S390")]
    S390,

    [JsonStringEnumMemberName("SCMP_ARCH_S390X")]
    S390x,

    [JsonStringEnumMemberName("SCMP_ARCH_PARISC")]
    Parisc,

    [JsonStringEnumMemberName("SCMP_ARCH_PARISC64")]
    Parisc64,

    [JsonStringEnumMemberName("SCMP_ARCH_RISCV64")]
    Riscv64,

    [JsonStringEnumMemberName("SCMP_ARCH_LOONGARCH64")]
    Loongarch64,

    [JsonStringEnumMemberName("SCMP_ARCH_M68K")]
    M68k,

    [JsonStringEnumMemberName("SCMP_ARCH_SH")]
    Sh,

    [JsonStringEnumMemberName("SCMP_ARCH_SHEB")]
    Sheb,
}
