using System.Globalization;
using Berth.Cli.CommandLine;
using Berth.Cli.Parsing;

namespace Berth.Cli.Containers;

/// <summary>Limits that <c>run</c>, <c>create</c> and <c>update</c> share.</summary>
internal sealed class ResourceFlags
{
    private readonly TextFlag _memory = new("memory", 'm', "SIZE", "Memory limit, as 512m");
    private readonly TextFlag _memorySwap = new("memory-swap", "SIZE", "Memory and swap together; -1 for unlimited swap");
    private readonly TextFlag _memoryReservation = new("memory-reservation", "SIZE", "Memory soft limit");
    private readonly TextFlag _cpus = new("cpus", "NUMBER", "CPU time in processors, as 1.5");
    private readonly NumberFlag _cpuShares = new("cpu-shares", 'c', "NUMBER", "Relative weight for CPU time");
    private readonly NumberFlag _cpuPeriod = new("cpu-period", "MICROSECONDS", "Length of a CPU scheduling period");
    private readonly NumberFlag _cpuQuota = new("cpu-quota", "MICROSECONDS", "CPU time per period");
    private readonly NumberFlag _cpuRtPeriod = new("cpu-rt-period", "MICROSECONDS", "Real-time period");
    private readonly NumberFlag _cpuRtRuntime = new("cpu-rt-runtime", "MICROSECONDS", "Real-time runtime per period");
    private readonly TextFlag _cpusetCpus = new("cpuset-cpus", "LIST", "Processors to run on, as 0-2,4");
    private readonly TextFlag _cpusetMems = new("cpuset-mems", "LIST", "Memory nodes to use");
    private readonly NumberFlag _pidsLimit = new("pids-limit", "NUMBER", "Most processes and threads; -1 for no limit");
    private readonly NumberFlag _blkioWeight = new("blkio-weight", "NUMBER", "Relative weight for block I/O, 10 to 1000");

    /// <summary>All of them.</summary>
    public Flag[] All =>
    [
        _memory, _memorySwap, _memoryReservation, _cpus, _cpuShares, _cpuPeriod, _cpuQuota, _cpuRtPeriod, _cpuRtRuntime, _cpusetCpus,
        _cpusetMems, _pidsLimit, _blkioWeight,
    ];

    /// <summary>Writes the limits given into an open JSON object, by their names in HostConfig. In docker's words no processor time means no limit, which <paramref name="machine"/> refuses.</summary>
    public void Write(JsonText json, bool machine = false)
    {
        Size("Memory", _memory);
        if (_memorySwap.Value is { } swap)
        {
            json.WriteNumber("MemorySwap", SizeText.ParseOrUnlimited(swap, "memory-swap"));
        }
        Size("MemoryReservation", _memoryReservation);
        if (_cpus.Value is { } cpus)
        {
            var nanoCpus = NanoCpus(cpus);
            if (machine && nanoCpus <= 0)
            {
                throw new UsageException($"invalid value \"{cpus}\" for --cpus: a virtual machine has at least a part of one processor, as 0.5");
            }
            json.WriteNumber("NanoCpus", nanoCpus);
        }
        json.WriteIfAny("CpuShares", _cpuShares.Value);
        json.WriteIfAny("CpuPeriod", _cpuPeriod.Value);
        json.WriteIfAny("CpuQuota", _cpuQuota.Value);
        json.WriteIfAny("CpuRealtimePeriod", _cpuRtPeriod.Value);
        json.WriteIfAny("CpuRealtimeRuntime", _cpuRtRuntime.Value);
        json.WriteIfAny("CpusetCpus", _cpusetCpus.Value);
        json.WriteIfAny("CpusetMems", _cpusetMems.Value);
        json.WriteIfAny("PidsLimit", _pidsLimit.Value);
        json.WriteIfAny("BlkioWeight", _blkioWeight.Value);

        void Size(string name, TextFlag flag)
        {
            if (flag.Value is { } text)
            {
                json.WriteNumber(name, SizeText.Parse(text, flag.Name));
            }
        }
    }

    private static long NanoCpus(string text) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var cpus) && cpus <= 1_000_000
            ? (long)(cpus * 1_000_000_000)
            : throw new UsageException($"invalid value \"{text}\" for --cpus: a number of processors is expected, as 1.5");
}
