using Berth.Containers.Spec;
using Berth.Engine.Configuration;
using Berth.Engine.State;

namespace Berth.Engine.Planning;

/// <summary>User namespaces of instances: who has one, what goes with it, and which ids of the host it gets.</summary>
internal static class UserNamespaces
{
    /// <summary>Ids of one namespace: as many as a distribution's own tools give to a user.</summary>
    public const uint RangeSize = 65536;

    // Above what useradd hands out in /etc/subuid and what systemd uses for its containers, below 2^31.
    private const uint FirstBase = 0x70000000, LastBase = 0x7FFE0000;

    public static bool IsOwn(HostConfig host) => host.UsernsMode == "private" || Joined(host) is not null;

    /// <summary>The instance whose user namespace is shared, or null.</summary>
    public static string? Joined(HostConfig host) =>
        host.UsernsMode is { } mode && mode.StartsWith("container:", StringComparison.Ordinal) ? mode["container:".Length..] : null;

    /// <summary>Refuses what only the host's root may do.</summary>
    public static void Check(HostConfig host)
    {
        if (host.Privileged)
            throw EngineException.Invalid("HostConfig.Privileged: privileged mode is incompatible with user namespaces: add --userns host");
        if (host.PidMode == "host")
            throw EngineException.Invalid("HostConfig.PidMode: cannot share the host PID namespace when user namespaces are enabled: add --userns host");
        if (host.NetworkMode == "host")
            throw EngineException.Invalid("HostConfig.NetworkMode: cannot share the host's network namespace when user namespaces are enabled: add --userns host");
        if (host.PidMode is { } pid && pid.StartsWith("container:", StringComparison.Ordinal) && pid != host.UsernsMode)
            throw EngineException.Invalid($"HostConfig.PidMode: processes of {pid} can be seen from its own user namespace only: add --userns {pid}");
    }

    /// <summary>A range none of these instances has.</summary>
    public static uint Allocate(IEnumerable<InstanceDefinition> others)
    {
        HashSet<uint> taken = [.. others.Select(static d => d.IdBase).OfType<uint>()];
        for (uint first = FirstBase; first <= LastBase; first += RangeSize)
        {
            if (!taken.Contains(first))
                return first;
        }
        throw EngineException.Conflict("every range of user ids is taken: remove instances with a user namespace of their own");
    }

    public static IReadOnlyList<IdMapping> Mapping(uint? idBase) =>
        idBase is { } first ? [new IdMapping { ContainerId = 0, HostId = first, Size = RangeSize }] : [];
}
