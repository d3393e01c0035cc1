using System.Globalization;
using System.Runtime.CompilerServices;
using Berth.Containers.Cgroups;
using Berth.Engine.Machines;
using Berth.Engine.State;
using EngineCpuStats = Berth.Engine.Instances.CpuStats;

namespace Berth.Engine.Instances;

/// <summary>Samples of what an instance uses, from its control group and its network namespace.</summary>
internal sealed class InstanceUsage(EngineContext context)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    public async IAsyncEnumerable<InstanceStats> SampleAsync(Instance instance, bool stream, bool oneShot, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        InstanceStats? last = null;
        while (true)
        {
            InstanceStats sample = Sample(instance, last);
            bool first = last is null;
            last = sample;
            if (!(first && !stream && !oneShot && instance.State.IsRunning))
            {
                yield return sample;
                if (!stream || context.Registry.Find(instance.Id) is null)
                    yield break;
            }
            await Task.Delay(Period, context.Clock, cancellationToken);
        }
    }

    private InstanceStats Sample(Instance instance, InstanceStats? last)
    {
        string now = DockerTime.Format(context.Clock.GetUtcNow());
        var empty = new InstanceStats { Name = "/" + instance.Name, Id = instance.Id, Read = DockerTime.Never, PreRead = DockerTime.Never };
        InstanceState state = instance.State;
        if (!state.IsRunning)
            return empty;
        CgroupStats usage;
        try
        {
            usage = context.Cgroups.Open(context.CgroupPath(instance.Definition)).Stats();
        }
        catch (CgroupException)
        {
            return empty; // it ended meanwhile
        }
        return empty with
        {
            Read = now,
            PreRead = last?.Read ?? DockerTime.Never,
            Pids = new() { Current = usage.Pids.Current, Limit = usage.Pids.Limit ?? 0 },
            BlockIo = new() { ServiceBytes = Entries(usage.BlockIo.ServiceBytes), Serviced = Entries(usage.BlockIo.Serviced) },
            Cpu = new()
            {
                Usage = new() { Total = usage.Cpu.UsageNanoseconds, Kernel = usage.Cpu.SystemNanoseconds, User = usage.Cpu.UserNanoseconds },
                SystemUsage = HostCpuNanoseconds(),
                OnlineCpus = context.Host.Processors,
                Throttling = new() { Periods = usage.Cpu.Periods, ThrottledPeriods = usage.Cpu.ThrottledPeriods, ThrottledTime = usage.Cpu.ThrottledNanoseconds },
            },
            PreCpu = last?.Cpu ?? new EngineCpuStats(),
            Memory = new()
            {
                Usage = usage.Memory.Usage,
                MaxUsage = usage.Memory.MaxUsage,
                Details = usage.Memory.Stat,
                FailCount = usage.Memory.FailCount,
                Limit = instance.Definition.IsMachine ? (ulong)MachineSize.Memory(instance.Definition.HostConfig) : usage.Memory.Limit ?? HostMemory(),
            },
            Networks = instance.Definition.HostConfig.NetworkMode == "host" ? null : instance.Definition.IsMachine ? TapCounters(instance) : Networks($"/proc/{state.Pid}/net/dev"),
        };
    }

    private static List<BlockIoEntry> Entries(IReadOnlyList<Containers.Cgroups.BlockIoEntry> entries) =>
        [.. entries.Select(static e => new BlockIoEntry { Major = e.Major, Minor = e.Minor, Op = e.Operation, Value = e.Value })];

    // Jiffies of all processors but guest time, at the usual 100 per second. See proc_stat(5).
    private static ulong HostCpuNanoseconds()
    {
        string[] fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Skip(1).Take(8).Aggregate(0UL, static (sum, field) => sum + ulong.Parse(field, CultureInfo.InvariantCulture)) * 10_000_000UL;
    }

    private static ulong HostMemory() =>
        ulong.Parse(File.ReadLines("/proc/meminfo").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;

    // What the tap receives the guest has sent.
    private Dictionary<string, NetworkStats>? TapCounters(Instance instance)
    {
        if (context.Endpoints.Find(instance.Id) is not { } attachment || Networks("/proc/self/net/dev") is not { } host)
            return null;
        return attachment.Endpoints.Where(e => host.ContainsKey(e.HostInterface)).ToDictionary(static e => e.Interface, e => Turned(host[e.HostInterface]));
    }

    private static NetworkStats Turned(NetworkStats other) => new()
    {
        RxBytes = other.TxBytes,
        RxPackets = other.TxPackets,
        RxErrors = other.TxErrors,
        RxDropped = other.TxDropped,
        TxBytes = other.RxBytes,
        TxPackets = other.RxPackets,
        TxErrors = other.RxErrors,
        TxDropped = other.RxDropped,
    };

    private static Dictionary<string, NetworkStats>? Networks(string file)
    {
        try
        {
            var networks = new Dictionary<string, NetworkStats>(StringComparer.Ordinal);
            foreach (string line in File.ReadLines(file).Skip(2))
            {
                string[] parts = line.Split([':', ' '], StringSplitOptions.RemoveEmptyEntries);
                ulong[] n = [.. parts.Skip(1).Select(static p => ulong.Parse(p, CultureInfo.InvariantCulture))];
                if (parts[0] == "lo" || n.Length < 12)
                    continue;
                networks[parts[0]] = new()
                {
                    RxBytes = n[0],
                    RxPackets = n[1],
                    RxErrors = n[2],
                    RxDropped = n[3],
                    TxBytes = n[8],
                    TxPackets = n[9],
                    TxErrors = n[10],
                    TxDropped = n[11],
                };
            }
            return networks.Count > 0 ? networks : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
