using System.Globalization;
using System.Text.Json.Nodes;
using Berth.Compose.Model;
using Berth.Compose.Planning;

namespace Berth.Compose.Running;

/// <summary>The body of POST /containers/create for a service ([DOCKER-API]).</summary>
public sealed class ContainerBody(Project project, Service service)
{
    private const long Second = 1_000_000_000;

    /// <summary>Number within the service.</summary>
    public int Number { get; init; } = 1;

    /// <summary>Made by <c>run</c>: without published ports and not part of the service.</summary>
    public bool OneOff { get; init; }

    /// <summary>Give it the service's names; a container of <c>run</c> has them only when asked.</summary>
    public bool Aliases { get; init; } = true;

    /// <summary>Id of the image, for its label.</summary>
    public string ImageId { get; init; } = "";

    /// <summary>Anonymous volumes to take over.</summary>
    public IReadOnlyList<AnonymousVolume> Inherited { get; init; } = [];

    /// <summary>Gives the id of a service's first container.</summary>
    public required Func<string, string> IdOf { get; init; }

    /// <summary>The body.</summary>
    public JsonObject Build()
    {
        var process = service.Process;
        JsonObject body = new()
        {
            ["Image"] = service.Image,
            ["Tty"] = process.Tty,
            ["OpenStdin"] = process.StdinOpen,
            ["Env"] = process.Environment.Select(pair => pair.Value is null ? pair.Key : $"{pair.Key}={pair.Value}").ToJson(),
            ["Labels"] = Labels(),
        };
        Set(body, "Cmd", process.Command?.ToJson());
        // An empty entrypoint means none at all; without the empty text the image's would be taken.
        Set(body, "Entrypoint", process.Entrypoint is { Count: 0 } ? new JsonArray("") : process.Entrypoint?.ToJson());
        Set(body, "Hostname", service.Network.Hostname);
        Set(body, "Domainname", service.Network.Domainname);
        Set(body, "User", process.User);
        Set(body, "WorkingDir", process.WorkingDirectory);
        Set(body, "StopSignal", process.StopSignal);
        if (process.StopGracePeriod is { } grace)
        {
            body["StopTimeout"] = (grace + Second - 1) / Second;
        }
        if (service.Healthcheck is { } check)
        {
            body["Healthcheck"] = Healthcheck(check);
        }
        var exposed = service.Network.Expose.Concat(service.Network.Ports.Select(port => port.Target)).Distinct().ToList();
        if (exposed.Count > 0)
        {
            body["ExposedPorts"] = new JsonObject(exposed.Select(port => KeyValuePair.Create(port, (JsonNode?)new JsonObject())));
        }
        var anonymous = service.Storage.Mounts.Where(mount => mount is { Type: "volume", Source: null } && Inherited.All(volume => volume.Target != mount.Target)).ToList();
        if (anonymous.Count > 0)
        {
            body["Volumes"] = new JsonObject(anonymous.Select(mount => KeyValuePair.Create(mount.Target, (JsonNode?)new JsonObject())));
        }
        body["HostConfig"] = HostConfig();
        if (service.Network.Endpoints.Count > 0)
        {
            body["NetworkingConfig"] = new JsonObject
            {
                ["EndpointsConfig"] = new JsonObject(service.Network.Endpoints.Select((endpoint, index) => KeyValuePair.Create(project.Networks[endpoint.Network].Name, (JsonNode?)Endpoint(endpoint, index == 0)))),
            };
        }
        return body;
    }

    private JsonObject Labels()
    {
        var labels = service.Labels.ToJson();
        labels[ComposeLabels.Project] = project.Name;
        labels[ComposeLabels.Service] = service.Name;
        labels[ComposeLabels.Number] = Number.ToString(CultureInfo.InvariantCulture);
        labels[ComposeLabels.OneOff] = OneOff ? "True" : "False";
        labels[ComposeLabels.Hash] = service.Hash;
        labels[ComposeLabels.Files] = string.Join(',', project.Files);
        labels[ComposeLabels.Directory] = project.Directory;
        labels[ComposeLabels.Image] = ImageId;
        labels[ComposeLabels.DependsOn] = string.Join(',', service.DependsOn.Select(one => $"{one.Service}:{Condition(one.Condition)}:{(one.Restart ? "true" : "false")}"));
        return labels;
    }

    private static string Condition(DependencyCondition condition) => condition switch
    {
        DependencyCondition.Healthy => "service_healthy",
        DependencyCondition.Completed => "service_completed_successfully",
        _ => "service_started",
    };

    private static JsonObject Healthcheck(Healthcheck check)
    {
        JsonObject body = [];
        Set(body, "Test", check.Test?.ToJson());
        foreach (var (name, value) in new[]
        {
            ("Interval", check.Interval), ("Timeout", check.Timeout), ("Retries", check.Retries), ("StartPeriod", check.StartPeriod), ("StartInterval", check.StartInterval),
        })
        {
            Set(body, name, value);
        }
        return body;
    }

    private JsonObject HostConfig()
    {
        var (host, storage, network) = (service.Host, service.Storage, service.Network);
        JsonObject body = new()
        {
            ["NetworkMode"] = Shared(network.Mode) ?? (network.Endpoints.Count > 0 ? project.Networks[network.Endpoints[0].Network].Name : "none"),
            ["RestartPolicy"] = OneOff ? new JsonObject { ["Name"] = "no" } : new JsonObject { ["Name"] = service.Process.Restart, ["MaximumRetryCount"] = service.Process.MaximumRestarts },
        };
        foreach (var (name, value) in host.Limits)
        {
            body[name] = value.DeepClone();
        }
        foreach (var (name, mode) in host.Namespaces)
        {
            body[name] = Shared(mode);
        }
        MountBodies.Write(body, project, service, Inherited);
        if (network.Ports.Count > 0)
        {
            body["PortBindings"] = new JsonObject(network.Ports.GroupBy(port => port.Target).Select(group => KeyValuePair.Create(group.Key, (JsonNode?)new JsonArray(
                [.. group.Select(port => new JsonObject { ["HostIp"] = port.Address ?? "", ["HostPort"] = port.Published ?? "" })]))));
        }
        SetList(body, "VolumesFrom", [.. storage.VolumesFrom.Select(VolumesFrom)]);
        SetList(body, "CapAdd", host.CapAdd);
        SetList(body, "CapDrop", host.CapDrop);
        SetList(body, "SecurityOpt", [.. host.SecurityOptions.Select(SecurityOption)]);
        SetList(body, "GroupAdd", service.Process.Groups);
        SetList(body, "Dns", network.Dns);
        SetList(body, "DnsSearch", network.DnsSearch);
        SetList(body, "DnsOptions", network.DnsOptions);
        SetList(body, "ExtraHosts", network.ExtraHosts);
        SetList(body, "DeviceCgroupRules", host.DeviceRules);
        SetMap(body, "Sysctls", host.Sysctls);
        SetMap(body, "StorageOpt", storage.Options);
        SetMap(body, "Annotations", service.Annotations);
        if (host.Devices.Count > 0)
        {
            body["Devices"] = new JsonArray([.. host.Devices.Select(device => new JsonObject { ["PathOnHost"] = device.Source, ["PathInContainer"] = device.Target, ["CgroupPermissions"] = device.Permissions })]);
        }
        if (host.Ulimits.Count > 0)
        {
            body["Ulimits"] = new JsonArray([.. host.Ulimits.Select(limit => new JsonObject { ["Name"] = limit.Name, ["Soft"] = limit.Soft, ["Hard"] = limit.Hard })]);
        }
        if (host.LogDriver is not null || host.LogOptions.Count > 0)
        {
            body["LogConfig"] = new JsonObject { ["Type"] = host.LogDriver ?? "", ["Config"] = host.LogOptions.ToJson() };
        }
        if (host.Privileged)
        {
            body["Privileged"] = true;
        }
        if (storage.ReadOnly)
        {
            body["ReadonlyRootfs"] = true;
        }
        Set(body, "ShmSize", storage.ShmSize);
        Set(body, "Runtime", service.Process.Runtime);
        if (service.Process.Init is { } init)
        {
            body["Init"] = init;
        }
        return body;
    }

    // A namespace or volumes of another service are those of its first container.
    private string? Shared(string? mode) => mode?.StartsWith("service:", StringComparison.Ordinal) == true ? $"container:{IdOf(mode["service:".Length..])}" : mode;

    private string VolumesFrom(string source)
    {
        if (source.StartsWith("container:", StringComparison.Ordinal))
        {
            return source["container:".Length..];
        }
        var parts = source.Split(':', 2);
        return parts.Length > 1 ? $"{IdOf(parts[0])}:{parts[1]}" : IdOf(parts[0]);
    }

    // A profile is read here and sent whole: the engine does not see the project's files.
    private string SecurityOption(string text)
    {
        const string Prefix = "seccomp:";
        var option = text.StartsWith(Prefix, StringComparison.Ordinal) ? $"seccomp={text[Prefix.Length..]}" : text;
        if (!option.StartsWith("seccomp=", StringComparison.Ordinal) || option["seccomp=".Length..] is "unconfined" or "builtin" or ['{', ..])
        {
            return option;
        }
        return $"seccomp={Loading.BoundedFile.ReadText(Loading.Paths.Absolute(option["seccomp=".Length..], project.Directory), 1024 * 1024)}";
    }

    private JsonObject Endpoint(Endpoint endpoint, bool first)
    {
        JsonObject body = new()
        {
            ["Aliases"] = (!Aliases ? endpoint.Aliases.Take(0) : new[] { service.Name }.Concat(service.ContainerName is { } name ? [name] : []).Concat(endpoint.Aliases)).Distinct().ToJson(),
        };
        if (!OneOff && endpoint.IsStatic)
        {
            JsonObject addresses = [];
            Set(addresses, "IPv4Address", endpoint.Ipv4);
            Set(addresses, "IPv6Address", endpoint.Ipv6);
            body["IPAMConfig"] = addresses;
        }
        Set(body, "MacAddress", endpoint.MacAddress ?? (first ? service.Network.MacAddress : null));
        SetMap(body, "DriverOpts", endpoint.DriverOptions);
        return body;
    }

    private static void Set(JsonObject body, string name, JsonNode? value)
    {
        if (value is not null)
        {
            body[name] = value;
        }
    }

    private static void SetList(JsonObject body, string name, IReadOnlyList<string> values)
    {
        if (values.Count > 0)
        {
            body[name] = values.ToJson();
        }
    }

    private static void SetMap(JsonObject body, string name, IReadOnlyDictionary<string, string> values)
    {
        if (values.Count > 0)
        {
            body[name] = values.ToJson();
        }
    }
}
