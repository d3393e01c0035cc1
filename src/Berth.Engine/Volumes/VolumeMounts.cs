using Berth.Engine.Planning;
using Berth.Engine.State;
using Berth.Linux;

namespace Berth.Engine.Volumes;

/// <summary>Volumes with driver options, which are mounts on the host: made for the first running instance that uses one, gone with the last, so
/// that all share its content. Who uses what is kept in memory; after a crash it is told again by <see cref="Adopt"/>.</summary>
internal sealed class VolumeMounts(EnginePaths paths)
{
    private readonly Lock _changes = new();
    private readonly Dictionary<string, HashSet<string>> _users = new(StringComparer.Ordinal);

    /// <summary>An instance is about to run.</summary>
    /// <exception cref="EngineException">The mount cannot be made.</exception>
    public void Acquire(VolumeRow volume, string instance)
    {
        if (volume.Options.Count == 0)
            return;
        lock (_changes)
        {
            string place = paths.VolumeData(volume.Name);
            if (!IsMounted(place))
                Mount(volume, place);
            Users(volume.Name).Add(instance);
        }
    }

    /// <summary>An instance runs already.</summary>
    public void Adopt(VolumeRow volume, string instance)
    {
        if (volume.Options.Count == 0)
            return;
        lock (_changes)
            Users(volume.Name).Add(instance);
    }

    /// <summary>An instance runs no longer; of no consequence when it never did.</summary>
    public void Release(string volume, string instance)
    {
        lock (_changes)
        {
            if (_users.TryGetValue(volume, out HashSet<string>? users) && users.Remove(instance) && users.Count == 0)
            {
                _users.Remove(volume);
                Unmount(paths.VolumeData(volume));
            }
        }
    }

    /// <summary>Takes away whatever is mounted for volumes that nobody uses.</summary>
    public void ReleaseUnused(IEnumerable<VolumeRow> volumes)
    {
        lock (_changes)
        {
            foreach (VolumeRow volume in volumes.Where(volume => volume.Options.Count > 0 && !_users.ContainsKey(volume.Name)))
                Unmount(paths.VolumeData(volume.Name));
        }
    }

    /// <summary>Nothing of what a volume shows may be deleted with its directory.</summary>
    public static void Unmount(string place)
    {
        while (IsMounted(place))
            Libc.Unmount(place, Libc.MNT_DETACH | Libc.UMOUNT_NOFOLLOW);
    }

    private HashSet<string> Users(string volume)
    {
        if (!_users.TryGetValue(volume, out HashSet<string>? users))
            _users[volume] = users = new(StringComparer.Ordinal);
        return users;
    }

    private static bool IsMounted(string place) =>
        Libc.TryStatAt(null, place, out Libc.statx status) == Errno.None && (status.stx_attributes & Libc.STATX_ATTR_MOUNT_ROOT) != 0;

    private static void Mount(VolumeRow volume, string place)
    {
        (ulong flags, string data) = MountFlags.Split(VolumeDriverOptions.Words(volume.Options));
        string device = volume.Options["device"], type = volume.Options["type"];
        const ulong Bind = Libc.MS_BIND | Libc.MS_REC;
        try
        {
            Libc.Mount(device, place, type, flags, data);
            // A bind takes no other flag until it is changed.
            if ((flags & Libc.MS_BIND) != 0 && (flags & ~Bind) != 0)
                Libc.Mount(null, place, null, Libc.MS_REMOUNT | Libc.MS_BIND | (flags & ~Bind));
        }
        catch (LinuxException e)
        {
            Unmount(place);
            throw new EngineException(
                EngineErrorKind.InvalidParameter,
                $"failed to mount local volume {volume.Name}: mount {device}:{place}, type: {type}, options: {volume.Options.GetValueOrDefault("o", "")}: {e.Errno.Describe()}", e);
        }
    }
}
