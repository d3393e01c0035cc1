using Berth.Containers.Spec;
using Berth.Linux;
using static Berth.Linux.Libc;

namespace Berth.Containers.Namespaces;

/// <summary>Which namespaces a container gets of its own and which it joins. [OCI-RT] config-linux.md, Namespaces.</summary>
internal sealed class NamespaceSet : IDisposable
{
    private readonly List<(ulong Flag, FileDescriptor Descriptor)> _joined = [];

    private NamespaceSet() { }

    /// <summary>CLONE_NEW* flags of the namespaces to be made.</summary>
    public ulong Created { get; private set; }

    /// <summary>Namespaces of other processes to enter, in the order in which they must be entered.</summary>
    public IReadOnlyList<(ulong Flag, FileDescriptor Descriptor)> Joined => _joined;

    /// <summary>Opens the paths of namespaces to join.</summary>
    public static NamespaceSet Open(IReadOnlyList<NamespaceSpec> namespaces)
    {
        NamespaceSet set = new();
        try
        {
            foreach (NamespaceSpec ns in namespaces)
            {
                ulong flag = Flag(ns.Type);
                if (string.IsNullOrEmpty(ns.Path)) set.Created |= flag;
                else set._joined.Add((flag, OpenNamespace(ns.Path, flag)));
            }
            // The user namespace comes first: it gives the rights to enter the others.
            set._joined.Sort(static (a, b) => (b.Flag == CLONE_NEWUSER).CompareTo(a.Flag == CLONE_NEWUSER));
            return set;
        }
        catch
        {
            set.Dispose();
            throw;
        }
    }

    /// <summary>Whether the container has a namespace of this kind apart from the host's.</summary>
    public bool IsOwn(ulong flag) => (Created & flag) != 0 || _joined.Any(j => j.Flag == flag);

    /// <summary>The namespace of this kind to join, if any.</summary>
    public FileDescriptor? Find(ulong flag) => _joined.Find(j => j.Flag == flag).Descriptor;

    internal static ulong Flag(string type) => type switch
    {
        NamespaceType.Pid => CLONE_NEWPID,
        NamespaceType.Network => CLONE_NEWNET,
        NamespaceType.Mount => CLONE_NEWNS,
        NamespaceType.Ipc => CLONE_NEWIPC,
        NamespaceType.Uts => CLONE_NEWUTS,
        NamespaceType.User => CLONE_NEWUSER,
        NamespaceType.Cgroup => CLONE_NEWCGROUP,
        NamespaceType.Time => CLONE_NEWTIME,
        _ => throw new ArgumentException($"unknown namespace type \"{type}\""),
    };

    public void Dispose()
    {
        foreach ((_, FileDescriptor descriptor) in _joined) descriptor.Dispose();
    }

    private static FileDescriptor OpenNamespace(string path, ulong flag)
    {
        FileDescriptor descriptor = Libc.Open(path, O_RDONLY);
        if (StatFileSystem(descriptor).f_type == NSFS_MAGIC) return descriptor;
        descriptor.Dispose();
        throw new LinuxException("setns", Errno.EINVAL, $"{path} (0x{flag:x}), which is not a namespace");
    }
}
