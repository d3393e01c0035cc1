using Berth.Containers.Spec;
using Berth.Linux;
using static Berth.Linux.Libc;

namespace Berth.Containers.Rootfs;

/// <summary>Sources of bind mounts, copied in the host's mount namespace before the container's exists: only so can a mount stay in the
/// host's propagation group. Index = position in the specification's list of mounts.</summary>
internal sealed class PreparedBinds : IDisposable
{
    private readonly FileDescriptor?[] _mounts;

    public PreparedBinds(IReadOnlyList<MountSpec> mounts, IReadOnlyList<MountOptions> options)
    {
        _mounts = new FileDescriptor?[mounts.Count];
        try
        {
            for (int i = 0; i < mounts.Count; i++)
            {
                if (options[i].IsBind) _mounts[i] = Bind(mounts[i], options[i].IsRecursive);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private static FileDescriptor Bind(MountSpec mount, bool recursive)
    {
        string source = mount.Source ?? "";
        if (mount.Layers.Count > 0) return DetachedMount.ReadOnlyOverlay(mount.Layers);
        return mount.Subpath is { Length: > 0 } subpath ? DetachedMount.BindBelow(source, subpath, recursive)
            : DetachedMount.BindOfProcess(source, recursive) ?? DetachedMount.Bind(source, recursive);
    }

    /// <summary>Shows the files with the ids of a user namespace: what root owns on the host, root owns in the container. File systems that
    /// cannot do that keep the host's ids.</summary>
    public void Shift(FileDescriptor userNamespace)
    {
        foreach (FileDescriptor? mount in _mounts)
        {
            if (mount is not null && !DetachedMount.TryShift(mount, userNamespace, AT_RECURSIVE)) DetachedMount.TryShift(mount, userNamespace, 0);
        }
    }

    public FileDescriptor this[int index] => _mounts[index]!;

    public void Dispose()
    {
        foreach (FileDescriptor? mount in _mounts) mount?.Dispose();
    }
}
