using Berth.Containers.Cgroups;
using Berth.Containers.Security;

namespace Berth.Engine.Planning;

/// <summary>What planning must know of the host; read once.</summary>
internal sealed record HostFacts
{
    public int Processors { get; init; } = Environment.ProcessorCount;

    public bool SwapAccounting { get; init; }

    public bool CgroupV2 { get; init; }

    public CapabilitySet Capabilities { get; init; } = CapabilitySet.All;

    public string HostName { get; init; } = "localhost";

    public static HostFacts Read(CgroupHierarchy cgroups)
    {
        bool v2 = cgroups.Version == CgroupVersion.V2;
        return new HostFacts
        {
            CgroupV2 = v2,
            SwapAccounting = File.Exists("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes") || (v2 && File.ReadAllLines("/proc/swaps").Length > 1),
            Capabilities = CapabilitySet.OfThisProcess(),
            HostName = File.ReadAllText("/proc/sys/kernel/hostname").Trim(),
        };
    }
}
