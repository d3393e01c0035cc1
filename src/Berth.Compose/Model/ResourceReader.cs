using System.Text.Json.Nodes;
using Berth.Compose.Loading;
using Berth.Compose.Yaml;

namespace Berth.Compose.Model;

/// <summary>Reads what a service may use of the host and do with it.</summary>
internal sealed class ResourceReader(Fields fields)
{
    private const decimal Billion = 1_000_000_000m;

    /// <summary>The settings; limits and reservations of <c>deploy</c> win over the older attributes.</summary>
    public HostSettings Read(IReadOnlyDictionary<string, decimal> limits, IReadOnlyDictionary<string, decimal> reservations) => new()
    {
        Privileged = fields.Flag("privileged") ?? false,
        CapAdd = fields.Texts("cap_add"),
        CapDrop = fields.Texts("cap_drop"),
        SecurityOptions = fields.Texts("security_opt"),
        Devices = fields.List("devices", device => new Device(device.Text("source") ?? "", device.Text("target") ?? device.Text("source") ?? "", device.Text("permissions") ?? "rwm")),
        DeviceRules = fields.Texts("device_cgroup_rules"),
        Sysctls = fields.TextPairs("sysctls"),
        Ulimits = ReadUlimits(),
        Namespaces = ReadNamespaces(),
        LogDriver = fields.Map("logging", ReadLogging)?.Item1,
        LogOptions = fields.Map("logging", ReadLogging)?.Item2 ?? new Dictionary<string, string>(),
        Limits = ReadLimits(limits, reservations),
    };

    private static Tuple<string?, IReadOnlyDictionary<string, string>> ReadLogging(Fields logging) => new(logging.Text("driver"), logging.TextPairs("options"));

    private Dictionary<string, string> ReadNamespaces()
    {
        Dictionary<string, string> all = [];
        foreach (var (key, name) in new[] { ("pid", "PidMode"), ("ipc", "IpcMode"), ("uts", "UTSMode"), ("userns_mode", "UsernsMode"), ("cgroup", "CgroupnsMode") })
        {
            if (fields.Text(key) is { } mode)
            {
                all[name] = mode;
            }
        }
        return all;
    }

    private List<Ulimit> ReadUlimits()
    {
        List<Ulimit> all = [];
        if (fields["ulimits"] is not { } node)
        {
            return all;
        }
        var map = Expect.Mapping(node, $"{fields.What}.ulimits");
        Fields single = new(map, $"{fields.What}.ulimits");
        foreach (var name in map.Keys)
        {
            all.Add(map[name] is MappingNode
                ? single.Map(name, limit => new Ulimit(name, limit.Number("soft") ?? throw new ComposeException(limit.Mark, $"{limit.What} needs soft and hard"), limit.Number("hard") ?? throw new ComposeException(limit.Mark, $"{limit.What} needs soft and hard")))!
                : single.Number(name) is { } both ? new Ulimit(name, both, both) : throw new ComposeException(map.MarkOf(name), $"{fields.What}.ulimits.{name} has no value"));
        }
        return all;
    }

    private Dictionary<string, JsonNode> ReadLimits(IReadOnlyDictionary<string, decimal> limits, IReadOnlyDictionary<string, decimal> reservations)
    {
        Dictionary<string, JsonNode> all = [];
        void Set(string name, long? value)
        {
            if (value is { } number)
            {
                all[name] = JsonValue.Create(number);
            }
        }

        Set("NanoCpus", (long?)((limits.TryGetValue("cpus", out var cpus) ? cpus : fields.Fraction("cpus")) * Billion));
        Set("Memory", limits.TryGetValue("memory", out var memory) ? (long)memory : fields.Size("mem_limit"));
        Set("MemoryReservation", reservations.TryGetValue("memory", out var reserved) ? (long)reserved : fields.Size("mem_reservation"));
        Set("PidsLimit", limits.TryGetValue("pids", out var pids) ? (long)pids : fields.Number("pids_limit"));
        fields.Ignore("cpus", "mem_limit", "mem_reservation", "pids_limit");
        Set("MemorySwap", fields.Size("memswap_limit"));
        Set("MemorySwappiness", fields.Number("mem_swappiness"));
        Set("CpuShares", fields.Number("cpu_shares"));
        Set("CpuPeriod", Microseconds("cpu_period"));
        Set("CpuQuota", Microseconds("cpu_quota"));
        Set("CpuRealtimePeriod", Microseconds("cpu_rt_period"));
        Set("CpuRealtimeRuntime", Microseconds("cpu_rt_runtime"));
        Set("CpuCount", fields.Number("cpu_count"));
        Set("CpuPercent", fields.Number("cpu_percent"));
        Set("OomScoreAdj", fields.Number("oom_score_adj"));
        if (fields.Flag("oom_kill_disable") is { } disable)
        {
            all["OomKillDisable"] = JsonValue.Create(disable);
        }
        if (fields.Text("cpuset") is { } set)
        {
            all["CpusetCpus"] = JsonValue.Create(set);
        }
        if (fields.Text("cgroup_parent") is { } parent)
        {
            all["CgroupParent"] = JsonValue.Create(parent);
        }
        if (fields["gpus"] is { } gpus)
        {
            throw new ComposeException(gpus.Mark, $"{fields.What}.gpus is not available");
        }
        _ = fields.Map("blkio_config", block => ReadBlockLimits(block, all));
        return all;
    }

    private long? Microseconds(string key) => fields.Text(key) is { } text && !text.All(c => char.IsAsciiDigit(c) || c == '-') ? fields.Duration(key) / 1000 : fields.Number(key);

    private static Dictionary<string, JsonNode> ReadBlockLimits(Fields block, Dictionary<string, JsonNode> all)
    {
        if (block.Number("weight") is { } weight)
        {
            all["BlkioWeight"] = JsonValue.Create(weight);
        }
        foreach (var (key, name, field) in new[]
        {
            ("weight_device", "BlkioWeightDevice", "weight"), ("device_read_bps", "BlkioDeviceReadBps", "rate"), ("device_write_bps", "BlkioDeviceWriteBps", "rate"),
            ("device_read_iops", "BlkioDeviceReadIOps", "rate"), ("device_write_iops", "BlkioDeviceWriteIOps", "rate"),
        })
        {
            var list = block.List(key, limit => new JsonObject { ["Path"] = limit.Text("path"), [field == "rate" ? "Rate" : "Weight"] = field == "rate" ? limit.Size(field) : limit.Number(field) });
            if (list.Count > 0)
            {
                all[name] = new JsonArray([.. list]);
            }
        }
        return all;
    }
}
