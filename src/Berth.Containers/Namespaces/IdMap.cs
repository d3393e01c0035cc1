using System.Globalization;
using Berth.Containers.Lifecycle;
using Berth.Containers.Spec;
using Berth.Linux;

namespace Berth.Containers.Namespaces;

/// <summary>How the ids of a user namespace appear on the host. user_namespaces(7), "User and group ID mappings".</summary>
public sealed class IdMap
{
    private readonly IReadOnlyList<IdMapping> _uids, _gids;

    private IdMap(IReadOnlyList<IdMapping> uids, IReadOnlyList<IdMapping> gids)
    {
        _uids = uids;
        _gids = gids;
    }

    /// <summary>The mapping of a running process's user namespace, seen from the caller's.</summary>
    public static IdMap Of(int pid) => new(Read($"/proc/{pid}/uid_map"), Read($"/proc/{pid}/gid_map"));

    /// <summary>Gives a process's fresh user namespace its ids. The writer's rights count, so all of them can be given.</summary>
    internal static void Write(int pid, LinuxSpec spec)
    {
        if (spec.UidMappings.Count == 0 || spec.GidMappings.Count == 0)
            throw ContainerStartException.Because("linux.uidMappings and linux.gidMappings: a new user namespace needs both", "user namespace");
        Write($"/proc/{pid}/uid_map", spec.UidMappings);
        Write($"/proc/{pid}/gid_map", spec.GidMappings);
    }

    /// <summary>The host's number of a container's user; the overflow id 65534 when it has none.</summary>
    public uint HostUid(uint uid) => Host(_uids, uid);

    /// <summary>The host's number of a container's group; the overflow id 65534 when it has none.</summary>
    public uint HostGid(uint gid) => Host(_gids, gid);

    /// <summary>The container's number of a host user, as its own processes see it.</summary>
    public uint ContainerUid(uint uid) => Container(_uids, uid);

    /// <summary>The container's number of a host group, as its own processes see it.</summary>
    public uint ContainerGid(uint gid) => Container(_gids, gid);

    private static uint Host(IReadOnlyList<IdMapping> map, uint id)
    {
        foreach (IdMapping range in map)
        {
            if (id >= range.ContainerId && id - range.ContainerId < range.Size) return range.HostId + (id - range.ContainerId);
        }
        return 65534;
    }

    private static uint Container(IReadOnlyList<IdMapping> map, uint id)
    {
        foreach (IdMapping range in map)
        {
            if (id >= range.HostId && id - range.HostId < range.Size) return range.ContainerId + (id - range.HostId);
        }
        return 65534;
    }

    private static List<IdMapping> Read(string path)
    {
        List<IdMapping> result = [];
        foreach (string line in File.ReadLines(path))
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length == 3) result.Add(new IdMapping { ContainerId = Number(fields[0]), HostId = Number(fields[1]), Size = Number(fields[2]) });
        }
        return result;
    }

    private static uint Number(string text) => uint.Parse(text, CultureInfo.InvariantCulture);

    // One write: the kernel takes the whole map at once and only once.
    private static void Write(string path, IReadOnlyList<IdMapping> map)
    {
        using FileDescriptor file = Libc.Open(path, Libc.O_WRONLY);
        Libc.WriteAll(file, System.Text.Encoding.ASCII.GetBytes(string.Concat(map.Select(static m => $"{m.ContainerId} {m.HostId} {m.Size}\n"))));
    }
}
