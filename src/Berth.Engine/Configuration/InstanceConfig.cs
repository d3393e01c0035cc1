using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Engine.Configuration;

/// <summary>What runs in an instance, in the words of the Docker API's <c>ContainerConfig</c>.</summary>
public record InstanceConfig
{
    /// <summary>Host name; unset = the first twelve digits of the id.</summary>
    public string? Hostname { get; init; }

    /// <summary>NIS domain name.</summary>
    public string? Domainname { get; init; }

    /// <summary><c>user[:group]</c>, by name or number, resolved inside the image.</summary>
    public string? User { get; init; }

    /// <summary>The client means to attach standard input.</summary>
    public bool AttachStdin { get; init; }

    /// <summary>The client means to attach standard output.</summary>
    public bool AttachStdout { get; init; }

    /// <summary>The client means to attach standard error.</summary>
    public bool AttachStderr { get; init; }

    /// <summary>Ports the workload listens on, as <c>80/tcp</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, EmptyObject>? ExposedPorts { get; init; }

    /// <summary>Give the workload a terminal.</summary>
    public bool Tty { get; init; }

    /// <summary>Keep standard input open.</summary>
    public bool OpenStdin { get; init; }

    /// <summary>Close standard input when the first attached client leaves.</summary>
    public bool StdinOnce { get; init; }

    /// <summary>Environment as <c>NAME=value</c>; <c>NAME</c> alone removes the image's value.</summary>
    public IReadOnlyList<string>? Env { get; init; }

    /// <summary>Command or arguments of the entrypoint.</summary>
    [JsonConverter(typeof(StringListConverter))]
    public IReadOnlyList<string>? Cmd { get; init; }

    /// <summary>How to probe the workload's health.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public HealthConfig? Healthcheck { get; init; }

    /// <summary>Windows only; accepted and ignored.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? ArgsEscaped { get; init; }

    /// <summary>Name or id of the image.</summary>
    public string? Image { get; init; }

    /// <summary>Paths that become anonymous volumes.</summary>
    public IReadOnlyDictionary<string, EmptyObject>? Volumes { get; init; }

    /// <summary>Working directory of the workload.</summary>
    public string? WorkingDir { get; init; }

    /// <summary>Program in front of the command; an empty string in it clears the image's.</summary>
    [JsonConverter(typeof(StringListConverter))]
    public IReadOnlyList<string>? Entrypoint { get; init; }

    /// <summary>No network at all, not even loopback addresses.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? NetworkDisabled { get; init; }

    /// <summary>Deprecated place of the endpoint's MAC address.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? MacAddress { get; init; }

    /// <summary>Build triggers of the image.</summary>
    public IReadOnlyList<string>? OnBuild { get; init; }

    /// <summary>User metadata.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Signal that asks the workload to stop; unset = SIGTERM.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? StopSignal { get; init; }

    /// <summary>Seconds between the stop signal and SIGKILL; unset = 10, negative = wait for ever.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? StopTimeout { get; init; }

    /// <summary>Shell for shell-form commands.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Shell { get; init; }

    /// <summary>Fields of the request that no property took; validation refuses them by name.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}
