using Berth.Containers.Spec;
using Berth.Linux;

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
                if (options[i].IsBind) _mounts[i] = DetachedMount.Bind(mounts[i].Source ?? "", options[i].IsRecursive);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public FileDescriptor this[int index] => _mounts[index]!;

    public void Dispose()
    {
        foreach (FileDescriptor? mount in _mounts) mount?.Dispose();
    }
}
