using System.Text.Json.Serialization;

namespace Berth.Containers.Spec;

/// <summary>Comparison of an argument; see seccomp_rule_add(3).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SeccompOperator>))]
public enum SeccompOperator
{
    [JsonStringEnumMemberName("SCMP_CMP_NE")]
    NotEqual,

    [JsonStringEnumMemberName("SCMP_CMP_LT")]
    Less,

    [JsonStringEnumMemberName("SCMP_CMP_LE")]
    LessOrEqual,

    [JsonStringEnumMemberName("SCMP_CMP_EQ")]
    Equal,

    [JsonStringEnumMemberName("SCMP_CMP_GE")]
    GreaterOrEqual,

    [JsonStringEnumMemberName("SCMP_CMP_GT")]
    Greater,

    [JsonStringEnumMemberName("SCMP_CMP_MASKED_EQ")]
    MaskedEqual,
}
