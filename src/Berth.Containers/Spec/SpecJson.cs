using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Berth.Containers.Spec;

/// <summary>Reads and writes specification JSON: bounded in size and depth, unknown fields tolerated. [OCI-RT] config.md, Extensibility.</summary>
public static class SpecJson
{
    /// <summary>Largest accepted document in bytes.</summary>
    public const int MaxBytes = 4 << 20;

    /// <summary>Reads <c>config.json</c> and validates it wholly.</summary>
    /// <exception cref="SpecException">Too large, not JSON, a wrong type, or a value the specification forbids.</exception>
    public static RuntimeSpec ReadRuntimeSpec(ReadOnlySpan<byte> json)
    {
        RuntimeSpec spec = Read(json, SpecJsonContext.Default.RuntimeSpec, "config.json");
        SpecValidator.ThrowIfInvalid(spec);
        return spec;
    }

    /// <summary>Reads a process alone, as <c>exec --process</c> takes it, and validates it.</summary>
    /// <exception cref="SpecException">As for <see cref="ReadRuntimeSpec"/>.</exception>
    public static ProcessSpec ReadProcess(ReadOnlySpan<byte> json)
    {
        ProcessSpec process = Read(json, SpecJsonContext.Default.ProcessSpec, "process");
        SpecValidator.ThrowIfInvalid(process);
        return process;
    }

    /// <summary>Reads limits alone, as <c>update --resources</c> takes them, and validates them.</summary>
    /// <exception cref="SpecException">As for <see cref="ReadRuntimeSpec"/>.</exception>
    public static LinuxResources ReadResources(ReadOnlySpan<byte> json)
    {
        LinuxResources resources = Read(json, SpecJsonContext.Default.LinuxResources, "resources");
        SpecValidator.ThrowIfInvalid(resources);
        return resources;
    }

    /// <summary>Writes <c>config.json</c>.</summary>
    public static byte[] Write(RuntimeSpec spec) => JsonSerializer.SerializeToUtf8Bytes(spec, SpecJsonContext.Default.RuntimeSpec);

    internal static T Read<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type, string subject)
        where T : class
    {
        if (json.Length > MaxBytes)
            throw new SpecException($"{subject}: {json.Length} bytes is more than the allowed {MaxBytes}");
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw new SpecException($"{subject}: must be an object, not null");
        }
        catch (JsonException e)
        {
            throw new SpecException($"{subject}: {(e.Path is { Length: > 1 } path ? path[2..] + ": " : "")}{e.Message}", e);
        }
        catch (InvalidOperationException e) // e.g. a lone surrogate in a string
        {
            throw new SpecException($"{subject}: {e.Message}", e);
        }
    }
}
