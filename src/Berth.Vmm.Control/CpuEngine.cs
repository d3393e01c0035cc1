using System.Text.Json.Serialization;

namespace Berth.Vmm.Control;

/// <summary>What a machine's processors are.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CpuEngine>))]
public enum CpuEngine
{
    /// <summary>The software processor, which translates what runs often.</summary>
    Translator,

    /// <summary>The software processor without translation.</summary>
    Interpreter,

    /// <summary>The host's processor through /dev/kvm.</summary>
    Kvm,
}
