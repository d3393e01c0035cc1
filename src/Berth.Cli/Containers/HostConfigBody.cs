using System.Globalization;
using System.Text.Json;
using Berth.Cli.CommandLine;
using Berth.Cli.Parsing;

namespace Berth.Cli.Containers;

/// <summary>Writes the fields of HostConfig.</summary>
internal sealed class HostConfigBody(ContainerFlags flags)
{
    /// <summary>The <c>--volume</c> flags, read.</summary>
    public static IReadOnlyList<VolumeSpec> Volumes(ContainerFlags flags) => flags.Volume.Values.Length == 0
        ? []
        : [.. flags.Volume.Values.Select(text => VolumeSpec.Parse(text, Environment.CurrentDirectory, Environment.GetEnvironmentVariable("HOME")))];

    /// <summary>Writes into an open object.</summary>
    public void Write(JsonText json, (int Rows, int Columns)? consoleSize)
    {
        WriteFiles(json);
        WriteLife(json);
        WriteNamespaces(json);
        WriteRights(json);
        WriteLimits(json);
        if (consoleSize is { } size)
        {
            json.WriteStartArray("ConsoleSize");
            json.WriteNumberValue(size.Rows);
            json.WriteNumberValue(size.Columns);
            json.WriteEndArray();
        }
    }

    private void WriteFiles(JsonText json)
    {
        if (flags.Volume.IsSet)
        {
            json.WriteListIfAny("Binds", [.. Volumes(flags).Where(volume => volume.Bind is not null).Select(volume => volume.Bind!)]);
        }
        if (flags.Mount.Values.Length > 0)
        {
            json.WriteStartArray("Mounts");
            foreach (var text in flags.Mount.Values)
            {
                MountSpec.Parse(text).Write(json);
            }
            json.WriteEndArray();
        }
        if (flags.Tmpfs.Values.Length > 0)
        {
            json.WriteStartObject("Tmpfs");
            foreach (var text in flags.Tmpfs.Values)
            {
                var parts = text.Split(':', 2);
                json.WriteString(parts[0].StartsWith('/') ? parts[0] : throw new UsageException($"invalid --tmpfs \"{text}\": the path must begin with /"), parts.Length > 1 ? parts[1] : "");
            }
            json.WriteEndObject();
        }
        json.WriteListIfAny("VolumesFrom", flags.VolumesFrom.Values);
        json.WriteIfAny("VolumeDriver", flags.VolumeDriver.Value);
        WritePairs(json, "StorageOpt", flags.StorageOpt);
        WriteIf(json, "ReadonlyRootfs", flags.ReadOnly);
        if (flags.ShmSize.Value is { } shm)
        {
            json.WriteNumber("ShmSize", SizeText.Parse(shm, "shm-size"));
        }
    }

    private void WriteLife(JsonText json)
    {
        WriteIf(json, "AutoRemove", flags.Remove);
        if (flags.Init.IsSet)
        {
            json.WriteBoolean("Init", flags.Init.Value);
        }
        if (flags.Restart.Value is { } restart)
        {
            WriteRestartPolicy(json, restart);
        }
        if (flags.LogDriver.IsSet || flags.LogOpt.IsSet)
        {
            json.WriteStartObject("LogConfig");
            json.WriteString("Type", flags.LogDriver.Value ?? "");
            json.WriteMap("Config", KeyValue.Pairs(flags.LogOpt.Values, "log-opt"));
            json.WriteEndObject();
        }
        WriteAnnotations(json);
        json.WriteIfAny("ContainerIDFile", flags.Cidfile.Value);
        if (flags.Vm.Value && flags.Runtime.Value is { } other && other != "vm")
        {
            throw new UsageException($"--vm conflicts with --runtime {other}");
        }
        json.WriteIfAny("Runtime", flags.Vm.Value ? "vm" : flags.Runtime.Value);
        json.WriteIfAny("Isolation", flags.Isolation.Value);
    }

    // Kernel and processors are chosen by annotations: docker's API has no place of its own for them.
    private void WriteAnnotations(JsonText json)
    {
        (TextFlag Flag, string Annotation)[] choices = [(flags.Kernel, "berth.kernel"), (flags.CpuEngine, "berth.cpu-engine")];
        List<string> chosen = [];
        foreach (var (flag, annotation) in choices)
        {
            if (flag.Value is not { } value)
            {
                continue;
            }
            if (!flags.IsMachine)
            {
                throw new UsageException($"--{flag.Name} is for virtual machines: add --vm");
            }
            chosen.Add($"{annotation}={value}");
        }
        if (chosen.Count == 0)
        {
            WritePairs(json, "Annotations", flags.Annotation);
        }
        else
        {
            json.WriteMap("Annotations", KeyValue.Pairs([.. flags.Annotation.Values, .. chosen], flags.Annotation.Name));
        }
    }

    /// <summary>Writes RestartPolicy from <c>no</c>, <c>always</c>, <c>unless-stopped</c> or <c>on-failure[:max]</c>.</summary>
    public static void WriteRestartPolicy(JsonText json, string text)
    {
        var parts = text.Split(':', 2);
        var count = 0;
        if (parts[0] is not ("" or "no" or "always" or "unless-stopped" or "on-failure")
            || (parts.Length > 1 && (parts[0] != "on-failure" || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out count))))
        {
            throw new UsageException($"invalid restart policy \"{text}\": use no, always, unless-stopped, on-failure or on-failure:5");
        }
        json.WriteStartObject("RestartPolicy");
        json.WriteString("Name", parts[0].Length == 0 ? "no" : parts[0]);
        json.WriteNumber("MaximumRetryCount", count);
        json.WriteEndObject();
    }

    private void WriteNamespaces(JsonText json)
    {
        json.WriteString("NetworkMode", NetworkBody.Mode(flags));
        json.WriteIfAny("PidMode", flags.Pid.Value);
        json.WriteIfAny("IpcMode", flags.Ipc.Value);
        json.WriteIfAny("UTSMode", flags.Uts.Value);
        json.WriteIfAny("UsernsMode", flags.Userns.Value);
        json.WriteIfAny("CgroupnsMode", flags.Cgroupns.Value);
        WritePairs(json, "Sysctls", flags.Sysctl);
        WriteEach(json, "ExtraHosts", flags.AddHost, ExtraHost);
        json.WriteListIfAny("Dns", flags.Dns.Values);
        json.WriteListIfAny("DnsSearch", flags.DnsSearch.Values);
        json.WriteListIfAny("DnsOptions", [.. flags.DnsOption.Values, .. flags.DnsOpt.Values]);
        json.WriteListIfAny("Links", flags.Link.Values);
        WriteIf(json, "PublishAllPorts", flags.PublishAll);
        NetworkBody.WritePortBindings(json, flags);
    }

    private static string ExtraHost(string text)
    {
        var at = text.IndexOfAny([':', '=']);
        return at > 0 && at < text.Length - 1
            ? $"{text[..at]}:{text[(at + 1)..]}"
            : throw new UsageException($"invalid --add-host \"{text}\": write it as name:address");
    }

    private void WriteRights(JsonText json)
    {
        WriteEach(json, "CapAdd", flags.CapAdd, Capability);
        WriteEach(json, "CapDrop", flags.CapDrop, Capability);
        WriteIf(json, "Privileged", flags.Privileged);
        WriteEach(json, "SecurityOpt", flags.SecurityOpt, SecurityOption);
        json.WriteListIfAny("GroupAdd", flags.GroupAdd.Values);
        if (flags.Device.Values.Length > 0)
        {
            json.WriteStartArray("Devices");
            foreach (var device in flags.Device.Values.Select(DeviceSpec.Parse))
            {
                json.WriteStartObject();
                json.WriteString("PathOnHost", device.Host);
                json.WriteString("PathInContainer", device.Container);
                json.WriteString("CgroupPermissions", device.Permissions);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        json.WriteListIfAny("DeviceCgroupRules", flags.DeviceCgroupRule.Values);
        if (flags.Gpus.Value is { } gpus)
        {
            WriteGpus(json, gpus);
        }
    }

    private static void WriteGpus(JsonText json, string gpus)
    {
        json.WriteStartArray("DeviceRequests");
        json.WriteStartObject();
        json.WriteString("Driver", "");
        json.WriteNumber("Count", gpus == "all" ? -1 : int.TryParse(gpus, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? count
            : throw new UsageException($"invalid --gpus \"{gpus}\": use all or a number"));
        json.WriteStartArray("Capabilities");
        json.WriteStartArray();
        json.WriteStringValue("gpu");
        json.WriteEndArray();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    // docker sends capabilities in capitals with CAP_ before them.
    private static string Capability(string text)
    {
        var name = text.Trim().ToUpperInvariant();
        return name == "ALL" || name.StartsWith("CAP_", StringComparison.Ordinal) ? name : $"CAP_{name}";
    }

    // A seccomp profile is read here and sent whole, as docker does: the daemon does not see the client's files.
    private static string SecurityOption(string text)
    {
        var at = text.IndexOf('=', StringComparison.Ordinal);
        if (at < 0 || text[..at] != "seccomp" || text[(at + 1)..] is "unconfined" or "builtin" || text[(at + 1)..].StartsWith('{'))
        {
            return text;
        }
        var file = text[(at + 1)..];
        try
        {
            using var profile = JsonDocument.Parse(File.ReadAllBytes(file));
            return $"seccomp={profile.RootElement.GetRawText()}";
        }
        catch (IOException e)
        {
            throw new UsageException($"--security-opt: the seccomp profile {file} cannot be read: {e.Message}");
        }
        catch (JsonException e)
        {
            throw new UsageException($"--security-opt: the seccomp profile {file} is not JSON: {e.Message}");
        }
    }

    private void WriteLimits(JsonText json)
    {
        flags.Resources.Write(json, flags.IsMachine);
        json.WriteIfAny("MemorySwappiness", flags.MemorySwappiness.Value);
        WriteIf(json, "OomKillDisable", flags.OomKillDisable);
        json.WriteIfAny("OomScoreAdj", flags.OomScoreAdj.Value);
        json.WriteIfAny("CgroupParent", flags.CgroupParent.Value);
        if (flags.Ulimit.Values.Length > 0)
        {
            json.WriteStartArray("Ulimits");
            foreach (var limit in flags.Ulimit.Values.Select(UlimitSpec.Parse))
            {
                json.WriteStartObject();
                json.WriteString("Name", limit.Name);
                json.WriteNumber("Soft", limit.Soft);
                json.WriteNumber("Hard", limit.Hard);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        WriteThrottle(json, "BlkioWeightDevice", "Weight", flags.BlkioWeightDevice, ThrottleSpec.ParseNumber);
        WriteThrottle(json, "BlkioDeviceReadBps", "Rate", flags.DeviceReadBps, ThrottleSpec.ParseBytes);
        WriteThrottle(json, "BlkioDeviceWriteBps", "Rate", flags.DeviceWriteBps, ThrottleSpec.ParseBytes);
        WriteThrottle(json, "BlkioDeviceReadIOps", "Rate", flags.DeviceReadIops, ThrottleSpec.ParseNumber);
        WriteThrottle(json, "BlkioDeviceWriteIOps", "Rate", flags.DeviceWriteIops, ThrottleSpec.ParseNumber);
    }

    private static void WriteThrottle(JsonText json, string name, string field, ListFlag flag, Func<string, string, ThrottleSpec> parse)
    {
        if (flag.Values.Length == 0)
        {
            return;
        }
        json.WriteStartArray(name);
        foreach (var text in flag.Values)
        {
            var throttle = parse(text, flag.Name);
            json.WriteStartObject();
            json.WriteString("Path", throttle.Path);
            json.WriteNumber(field, throttle.Value);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WritePairs(JsonText json, string name, ListFlag flag)
    {
        if (flag.IsSet)
        {
            json.WriteMap(name, KeyValue.Pairs(flag.Values, flag.Name));
        }
    }

    private static void WriteEach(JsonText json, string name, ListFlag flag, Func<string, string> convert)
    {
        if (flag.IsSet)
        {
            json.WriteList(name, [.. flag.Values.Select(convert)]);
        }
    }

    private static void WriteIf(JsonText json, string name, BoolFlag flag)
    {
        if (flag.Value)
        {
            json.WriteBoolean(name, true);
        }
    }
}
