namespace Berth.Containers.Cgroups;

/// <summary>The host's cgroup file systems, and the only way to get an <see cref="ICgroup"/>. See cgroups(7).</summary>
public sealed class CgroupHierarchy
{
    /// <summary>Where distributions mount it.</summary>
    public const string DefaultRoot = "/sys/fs/cgroup";

    private readonly IReadOnlyList<V1.Hierarchy> _v1;
    private readonly string? _unified;

    private CgroupHierarchy(IReadOnlyList<V1.Hierarchy> v1, string? unified, string? unifiedMount, IReadOnlyList<string> controllers)
    {
        _v1 = v1;
        _unified = unified;
        UnifiedMount = unifiedMount;
        Controllers = controllers;
    }

    /// <summary>Which version holds the controllers.</summary>
    public CgroupVersion Version => _v1.Any(static h => h.IsController) ? CgroupVersion.V1 : CgroupVersion.V2;

    /// <summary>Whether a cgroup2 mount stands beside v1 controllers.</summary>
    public bool IsHybrid => Version == CgroupVersion.V1 && _unified is not null;

    /// <summary>Names of the usable controllers, such as <c>memory</c>; named hierarchies are left out.</summary>
    public IReadOnlyList<string> Controllers { get; }

    /// <summary>Where cgroup2 is mounted, or null.</summary>
    public string? UnifiedMount { get; }

    /// <summary>Reads the calling process's mounts.</summary>
    /// <exception cref="CgroupException">No cgroup file system is mounted below <paramref name="root"/>.</exception>
    public static CgroupHierarchy Detect(string root = DefaultRoot) =>
        FromMounts(CgroupMountTable.Parse(File.ReadAllText("/proc/self/mountinfo"), root), File.ReadAllText("/proc/self/cgroup"), root);

    internal static CgroupHierarchy FromMounts(IReadOnlyList<CgroupMountTable.Entry> mounts, string procSelfCgroup, string root)
    {
        if (mounts.Count == 0)
            throw new CgroupException($"no cgroup file system is mounted below {root}; mount one: mount -t cgroup2 none {root}");
        Dictionary<string, string> own = CgroupMountTable.ParseOwnPaths(procSelfCgroup);
        var v1 = new List<V1.Hierarchy>();
        foreach (CgroupMountTable.Entry mount in mounts.Where(static m => !m.IsV2 && m.Controllers.Count > 0))
        {
            string? ownPath = own.GetValueOrDefault(mount.Controllers[0]);
            // A named hierarchy (systemd's) limits nothing. It matters only when this process stands in a service's cgroup, whose end would end the containers.
            bool named = mount.Controllers[0].StartsWith("name=", StringComparison.Ordinal);
            if (!named || ownPath is { Length: > 1 })
                v1.Add(new V1.Hierarchy(mount.Directory, BaseOf(mount, ownPath), mount.Controllers));
        }
        CgroupMountTable.Entry? v2 = mounts.LastOrDefault(static m => m.IsV2);
        string? unified = v2 is null ? null : BaseOf(v2, own.GetValueOrDefault(""));
        IReadOnlyList<string> controllers = v1.Any(static h => h.IsController)
            ? [.. v1.SelectMany(static h => h.Controllers).Where(static c => !c.StartsWith("name=", StringComparison.Ordinal))]
            : V2.SubtreeControl.Available(unified ?? root);
        return new CgroupHierarchy(v1, unified, v2?.Directory, controllers);
    }

    /// <summary>Makes a cgroup. An empty one left over at the same place is replaced.</summary>
    /// <param name="path">Absolute below the hierarchy's root, such as <c>/berth/5f2a…</c>.</param>
    /// <exception cref="CgroupException">The path is malformed, in use by processes, or cannot be made.</exception>
    public ICgroup Create(string path)
    {
        string normal = Normalize(path);
        if (Version == CgroupVersion.V1)
        {
            var cgroup = new V1.CgroupV1(normal, _v1, _unified);
            cgroup.Create();
            return cgroup;
        }
        var unified = new V2.CgroupV2(normal, _unified!, UnifiedMount!);
        unified.Create();
        return unified;
    }

    /// <summary>Speaks of a cgroup that exists already, or did; nothing is made.</summary>
    /// <exception cref="CgroupException">The path is malformed.</exception>
    public ICgroup Open(string path) => Version == CgroupVersion.V1
        ? new V1.CgroupV1(Normalize(path), _v1, _unified)
        : new V2.CgroupV2(Normalize(path), _unified!, UnifiedMount!);

    /// <summary>Whether any hierarchy has it.</summary>
    public bool Exists(string path) => Directories(path).Any(Directory.Exists);

    /// <summary>Names of the cgroups directly below <paramref name="path"/>, in whichever hierarchy.</summary>
    public IReadOnlyList<string> Children(string path)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string directory in Directories(path).Where(Directory.Exists))
        {
            foreach (string child in Directory.EnumerateDirectories(directory))
                names.Add(System.IO.Path.GetFileName(child));
        }
        return [.. names];
    }

    /// <summary>Removes a parent such as <c>/berth</c> once nothing is in it; tells whether it is gone.</summary>
    public bool RemoveIfEmpty(string path)
    {
        bool gone = true;
        foreach (string directory in Directories(path))
            gone &= CgroupTree.TryRemoveOne(directory);
        return gone;
    }

    /// <summary>Whether a v1 controller has a file, looked for at the hierarchy's root.</summary>
    internal bool HasFile(string controller, string file) =>
        _v1.FirstOrDefault(h => h.Has(controller)) is { } hierarchy && CgroupFile.Exists(hierarchy.Base, file);

    private IEnumerable<string> Directories(string path)
    {
        string normal = Normalize(path);
        IEnumerable<string> v1 = _v1.Select(h => h.Base + normal);
        return _unified is null ? v1 : v1.Append(_unified + normal);
    }

    private static string BaseOf(CgroupMountTable.Entry mount, string? ownPath)
    {
        if (mount.Writable || ownPath is null)
            return mount.Directory;
        string relative = mount.Root.Length > 1 && ownPath.StartsWith(mount.Root, StringComparison.Ordinal) ? ownPath[mount.Root.Length..] : ownPath;
        return (mount.Directory + "/" + relative.Trim('/')).TrimEnd('/');
    }

    private static string Normalize(string path)
    {
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        bool sound = parts.Length is > 0 and <= 32 && path.Length < 2048 && parts.All(static p =>
            p.Length <= 255 && p is not ("." or "..") && !p.StartsWith("cgroup.", StringComparison.Ordinal) && !p.AsSpan().ContainsAny('\0', '\n'));
        return sound ? "/" + string.Join('/', parts) : throw new CgroupException($"cgroup path \"{path}\" is malformed; use a form such as /berth/name");
    }
}
