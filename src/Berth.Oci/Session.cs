using Berth.Containers.Cgroups;
using Berth.Oci.State;

namespace Berth.Oci;

/// <summary>What every command works with.</summary>
internal sealed class Session(ContainerStore store, Log log)
{
    private readonly Lazy<CgroupHierarchy> _cgroups = new(static () => CgroupHierarchy.Detect());

    /// <summary>The containers below <c>--root</c>.</summary>
    public ContainerStore Store => store;

    /// <summary>Where failures are told.</summary>
    public Log Log => log;

    /// <summary>The host's cgroups, looked at when first needed.</summary>
    public CgroupHierarchy Cgroups => _cgroups.Value;
}
