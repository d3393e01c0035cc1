using Berth.Containers.Cgroups;
using Berth.Containers.Lifecycle;
using Berth.Containers.Namespaces;
using Berth.Containers.Processes;
using Berth.Containers.Spec;
using Berth.Linux;
using Berth.Linux.Launch;
using static Berth.Linux.Libc;

namespace Berth.Containers.Rootfs;

/// <summary>Builds the container's file tree in the calling thread's own mount namespace. What needs the container's pid namespace (its
/// /proc and what hides parts of it) is left to the child as calls.</summary>
internal sealed class RootfsBuilder : IDisposable
{
    private const ulong HiddenAttributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

    /// <summary>Where the init program stands.</summary>
    public const string InitPath = "/dev/init";

    private readonly RuntimeSpec _spec;
    private readonly IReadOnlyList<MountOptions> _options;
    private readonly PreparedBinds _binds;
    private readonly ICgroup? _cgroup;
    private readonly bool _ownCgroupNamespace;
    private readonly IdMap? _map;
    private readonly List<FileDescriptor> _held = [];
    private FileDescriptor? _devpts, _dev;
    private bool _procStands;

    public RootfsBuilder(RuntimeSpec spec, IReadOnlyList<MountOptions> options, PreparedBinds binds, ICgroup? cgroup, bool ownCgroupNamespace, IdMap? map)
    {
        _map = map;
        _spec = spec;
        _options = options;
        _binds = binds;
        _cgroup = cgroup;
        _ownCgroupNamespace = ownCgroupNamespace;
    }

    /// <summary>The root of the tree, attached somewhere in this mount namespace.</summary>
    public FileDescriptor Root { get; private set; } = null!;

    /// <summary>Mounts all but /proc on a root that stands nowhere yet. The calling thread's mount namespace must be the container's.</summary>
    public void Build(FileDescriptor root, RootfsSource source)
    {
        Mount(null, "/", null, MS_REC | MS_SLAVE);
        // It has to stand somewhere to become the root; no one else sees this namespace.
        using (FileDescriptor place = Open(source is OverlayRootfs overlay ? overlay.UpperDirectory : ((DirectoryRootfs)source).Path, O_PATH | O_DIRECTORY))
            MoveMount(root, place, "root file system");
        SetMountAttributes(root, 0, 0, MS_PRIVATE, AT_RECURSIVE);
        Root = root;
        for (int i = 0; i < _spec.Mounts.Count; i++)
        {
            try
            {
                MountOne(i, _spec.Mounts[i], _options[i]);
            }
            catch (LinuxException e)
            {
                throw ContainerStartException.Because($"error mounting \"{_spec.Mounts[i].Source}\" to rootfs at \"{_spec.Mounts[i].Destination}\": {e.Message}", "mount", e.Errno, e);
            }
        }
        foreach (DeviceSpec device in _spec.Linux?.Devices ?? []) DeviceNodes.Make(Root, device, _map);
    }

    /// <summary>Puts a /proc that is made already in its place, so that the child need not.</summary>
    public void AttachProc(FileDescriptor proc)
    {
        string destination = _spec.Mounts.First(IsProc).Destination;
        using FileDescriptor target = MountTarget.Directory(Root, destination);
        MoveMount(proc, target, destination);
        _procStands = true;
    }

    /// <summary>Opens a terminal in the container's own devpts and shows it as /dev/console.</summary>
    public (FileDescriptor Master, FileDescriptor Peer) OpenConsole(bool bind)
    {
        FileDescriptor pts = _devpts ?? throw ContainerStartException.Because("a terminal needs a devpts mount at /dev/pts", "console");
        FileDescriptor master = OpenAt2(pts, "ptmx", O_RDWR | O_NOCTTY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
        try
        {
            FileDescriptor peer = OpenPtyPeer(master);
            if (bind && _dev is not null)
            {
                // By descriptor on both sides: no name that someone could replace (CVE-2025-52565).
                MakeNodeAt(_dev, "console", S_IFREG | 0x180 /* 0600 */);
                using FileDescriptor target = OpenAt2(_dev, "console", O_PATH | O_NOFOLLOW, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
                using FileDescriptor copy = OpenTree(peer, "", OPEN_TREE_CLONE);
                MoveMount(copy, target, "/dev/console");
            }
            return (master, peer);
        }
        catch
        {
            master.Dispose();
            throw;
        }
    }

    /// <summary>Puts the small init program into the container's /dev and answers its path.</summary>
    public string PlaceInit()
    {
        FileDescriptor dev = _dev ?? throw ContainerStartException.Because("init needs a tmpfs mount at /dev", "init");
        using FileDescriptor file = OpenAt2(dev, "init", O_WRONLY | O_CREAT | O_EXCL, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS, 0x16D /* 0555 */);
        WriteAll(file, InitProgram.Image);
        return InitPath;
    }

    /// <summary>Hides and protects paths outside /proc, then makes the root read-only if asked. Nothing is made in the tree after this.</summary>
    public void Seal()
    {
        foreach (string path in _spec.Linux?.ReadonlyPaths ?? [])
        {
            if (IsBelowProc(path)) continue;
            using FileDescriptor? target = PathWalker.TryOpenInRoot(Root, path, O_PATH, out _);
            if (target is null) continue;
            using FileDescriptor copy = OpenTree(target, "", OPEN_TREE_CLONE | AT_RECURSIVE);
            SetMountAttributes(copy, MOUNT_ATTR_RDONLY, flags: AT_RECURSIVE);
            MoveMount(copy, target, path);
        }
        foreach (string path in _spec.Linux?.MaskedPaths ?? [])
        {
            if (IsBelowProc(path)) continue;
            using FileDescriptor? target = PathWalker.TryOpenInRoot(Root, path, O_PATH, out _);
            if (target is null) continue;
            using FileDescriptor cover = Cover(Stat(target).IsDirectory);
            MoveMount(cover, target, path);
        }
        if (_spec.Root?.Readonly == true) SetMountAttributes(Root, MOUNT_ATTR_RDONLY);
    }

    /// <summary>The child's part: /proc of its own pid namespace with what is hidden in it, then the change of the root.</summary>
    /// <param name="plan">Receives the calls.</param>
    /// <param name="ready">A /proc mount that is made already, or null.</param>
    public void AddChildCalls(ChildPlan plan, ChildArgument? ready)
    {
        for (int i = 0; i < _spec.Mounts.Count; i++)
        {
            MountSpec mount = _spec.Mounts[i];
            if (IsProc(mount)) AddProc(plan, mount, _options[i], ready);
            else if (IsBelowProc(mount.Destination)) AddBelowProc(plan, i, mount.Destination);
        }
        plan.Add("enter the new root", SystemCall.fchdir, Root);
        // The old root ends up below the new one and is then let go: pivot_root(2), "pivot_root(".", ".")".
        plan.Add("pivot_root", SystemCall.pivot_root, ".", ".");
        plan.Add("leave the old root", SystemCall.umount2, ".", MNT_DETACH);
        plan.Add("chdir /", SystemCall.chdir, "/");
        if (Propagation(_spec.Linux?.RootfsPropagation) is { } propagation)
            plan.Add("root propagation", SystemCall.mount, 0, "/", 0, propagation, 0);
    }

    public void Dispose()
    {
        foreach (FileDescriptor descriptor in _held) descriptor.Dispose();
    }

    private void MountOne(int index, MountSpec mount, MountOptions options)
    {
        if (IsProc(mount))
        {
            _held.Add(MountTarget.Directory(Root, mount.Destination));
            return;
        }
        if (IsBelowProc(mount.Destination)) return;
        if (options.CopyUp)
            throw ContainerStartException.Because($"mount {mount.Destination}: option tmpcopyup is not supported; copy the files when the container runs", "mount");
        if (mount.Type == "cgroup" || mount.Type == "cgroup2")
        {
            MountCgroups(mount, options);
            return;
        }
        FileDescriptor detached = options.IsBind ? _binds[index] : NewFileSystem(mount, options);
        if (!options.IsBind) _held.Add(detached);
        if (mount is { Layers.Count: > 0, Subpath.Length: > 0 }) _held.Add(detached = Below(detached, mount.Subpath));
        using FileDescriptor target = options.IsBind ? MountTarget.Like(detached, Root, mount.Destination) : MountTarget.Directory(Root, mount.Destination);
        Attributes(detached, options);
        MoveMount(detached, target, mount.Destination);
        if (options.IsBind) return;
        if (mount.Type == "devpts") _devpts = detached;
        if (mount is { Type: "tmpfs", Destination: "/dev" })
        {
            _dev = detached;
            DeviceNodes.Populate(detached);
        }
    }

    // Only of what stands somewhere can a part be bound, so it stands here for a moment.
    private FileDescriptor Below(FileDescriptor whole, string subpath)
    {
        MoveMount(whole, Root, subpath);
        try
        {
            return DetachedMount.BindBelow(whole, subpath, recursive: false);
        }
        finally
        {
            Unmount(whole.ProcPath, MNT_DETACH);
        }
    }

    private FileDescriptor NewFileSystem(MountSpec mount, MountOptions options)
    {
        // Made with the host's rights, they read ids as the host's; what a user namespace shows is another number.
        List<string> data = _map is null ? options.Data : [.. options.Data.Select(HostOption)];
        if (mount.Type == "devpts") data = [.. data.Where(static d => d != "newinstance")];
        return DetachedMount.Create(mount.Type ?? "", mount.Source, data, mount.Destination == "/dev" ? options.Set & ~MOUNT_ATTR_RDONLY : 0);
    }

    private string HostOption(string option) => option.Split('=', 2) switch
    {
        ["uid", var id] when uint.TryParse(id, out uint uid) => $"uid={_map!.HostUid(uid)}",
        ["gid", var id] when uint.TryParse(id, out uint gid) => $"gid={_map!.HostGid(gid)}",
        _ => option,
    };

    private static void Attributes(FileDescriptor mount, MountOptions options)
    {
        ulong propagation = options.Propagation == 0 ? MS_PRIVATE : options.Propagation;
        // A shared copy of a shared host mount is its peer already; any other copy becomes private first.
        bool recursive = options.PropagationIsRecursive || options.Propagation == 0;
        SetMountAttributes(mount, 0, 0, propagation, recursive ? AT_RECURSIVE : 0);
        if ((options.Set | options.Clear) != 0) SetMountAttributes(mount, options.Set, options.Clear);
        if ((options.RecursiveSet | options.RecursiveClear) != 0)
            SetMountAttributes(mount, options.RecursiveSet, options.RecursiveClear, flags: AT_RECURSIVE);
    }

    // The container sees its own cgroup, always read-only unless the specification says rw (privileged containers).
    private void MountCgroups(MountSpec mount, MountOptions options)
    {
        if (_cgroup is null) return;
        IReadOnlyList<CgroupMount> mounts = _cgroup.Mounts(hostNamespace: !_ownCgroupNamespace);
        bool direct = mounts.Count == 1 && mounts[0].Name.Length == 0;
        using FileDescriptor target = MountTarget.Directory(Root, mount.Destination);
        if (direct)
        {
            using FileDescriptor unified = DetachedMount.Bind(mounts[0].HostDirectory, recursive: false);
            SetMountAttributes(unified, options.Set, options.Clear, MS_PRIVATE);
            MoveMount(unified, target, mount.Destination);
            return;
        }
        using FileDescriptor tmpfs = DetachedMount.Create("tmpfs", "tmpfs", ["mode=755"], MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
        MoveMount(tmpfs, target, mount.Destination);
        foreach (CgroupMount part in mounts)
        {
            if (!Path.Exists(part.HostDirectory)) continue;
            MakeDirectoryAt(tmpfs, part.Name, 0x1ED);
            using FileDescriptor place = OpenAt(tmpfs, part.Name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
            using FileDescriptor bound = DetachedMount.Bind(part.HostDirectory, recursive: false);
            SetMountAttributes(bound, options.Set, options.Clear, MS_PRIVATE);
            MoveMount(bound, place, part.HostDirectory);
            foreach (string link in part.Links) SymbolicLinkAt(part.Name, tmpfs, link);
        }
        SetMountAttributes(tmpfs, options.Set & MOUNT_ATTR_RDONLY);
    }

    private void AddProc(ChildPlan plan, MountSpec mount, MountOptions options, ChildArgument? ready)
    {
        ChildArgument proc = ready ?? NewProc(plan, options.Data, options.Set);
        if (!_procStands)
        {
            FileDescriptor target = MountTarget.Directory(Root, mount.Destination);
            _held.Add(target);
            plan.Add("mount /proc", SystemCall.move_mount, proc, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
        }
        string prefix = mount.Destination.TrimEnd('/') + "/";
        foreach (string path in _spec.Linux?.ReadonlyPaths ?? [])
        {
            if (path.StartsWith(prefix, StringComparison.Ordinal)) AddReadonly(plan, proc, path[prefix.Length..], path);
        }
        foreach (string path in _spec.Linux?.MaskedPaths ?? [])
        {
            if (path.StartsWith(prefix, StringComparison.Ordinal)) AddMask(plan, proc, path[prefix.Length..], path);
        }
    }

    /// <summary>Calls that make a /proc of the caller's pid namespace; answers the mount.</summary>
    public static ChildArgument NewProc(ChildPlan plan, IReadOnlyList<string> data, ulong attributes)
    {
        int context = plan.Add("mount /proc", SystemCall.fsopen, "proc", FSOPEN_CLOEXEC);
        ChildArgument fs = ChildArgument.ResultOf(context);
        plan.Add("mount /proc", SystemCall.fsconfig, fs, FSCONFIG_SET_STRING, "source", "proc", 0);
        foreach (string option in data)
        {
            int equals = option.IndexOf('=');
            if (equals < 0) plan.Add($"mount /proc with {option}", SystemCall.fsconfig, fs, FSCONFIG_SET_FLAG, option, 0, 0);
            else plan.Add($"mount /proc with {option}", SystemCall.fsconfig, fs, FSCONFIG_SET_STRING, option[..equals], option[(equals + 1)..], 0);
        }
        plan.Add("mount /proc", SystemCall.fsconfig, fs, FSCONFIG_CMD_CREATE, 0, 0, 0);
        return ChildArgument.ResultOf(plan.Add("mount /proc", SystemCall.fsmount, fs, FSMOUNT_CLOEXEC, attributes));
    }

    private static void AddReadonly(ChildPlan plan, ChildArgument proc, string name, string path)
    {
        string step = $"make {path} read-only";
        int target = plan.Try(step, 3, SystemCall.openat2, proc, name, ChildPlan.OpenHow(O_PATH, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS), 24);
        int copy = plan.Add(step, SystemCall.open_tree, ChildArgument.ResultOf(target), "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
        byte[] attributes = new byte[32];
        BitConverter.TryWriteBytes(attributes, MOUNT_ATTR_RDONLY);
        plan.Add(step, SystemCall.mount_setattr, ChildArgument.ResultOf(copy), "", AT_EMPTY_PATH | AT_RECURSIVE, ChildArgument.Bytes(attributes), 32);
        plan.Add(step, SystemCall.move_mount, ChildArgument.ResultOf(copy), "", ChildArgument.ResultOf(target), "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
    }

    // Whether the path is a file or a directory is read from the host's /proc: the kernel offers the same names in both.
    private void AddMask(ChildPlan plan, ChildArgument proc, string name, string path)
    {
        if (TryStatAt(null, "/proc/" + name, out statx attributes) != Errno.None) return;
        FileDescriptor cover = Cover(attributes.IsDirectory);
        _held.Add(cover);
        string step = $"mask {path}";
        int target = plan.Try(step, 1, SystemCall.openat2, proc, name, ChildPlan.OpenHow(O_PATH, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS), 24);
        plan.Add(step, SystemCall.move_mount, cover, "", ChildArgument.ResultOf(target), "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
    }

    private void AddBelowProc(ChildPlan plan, int index, string destination)
    {
        FileDescriptor source = _binds[index];
        Attributes(source, _options[index]);
        int target = plan.Add($"mount {destination}", SystemCall.openat2, Root, destination.TrimStart('/'), ChildPlan.OpenHow(O_PATH, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS), 24);
        plan.Add($"mount {destination}", SystemCall.move_mount, source, "", ChildArgument.ResultOf(target), "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
    }

    // An empty read-only directory, or the host's /dev/null, checked to be that device (CVE-2025-31133).
    private static FileDescriptor Cover(bool directory)
    {
        if (directory) return DetachedMount.Create("tmpfs", "tmpfs", ["size=0", "nr_inodes=1"], HiddenAttributes);
        using FileDescriptor device = Open("/dev/null", O_PATH | O_NOFOLLOW);
        statx attributes = Stat(device);
        if (attributes.FileType != S_IFCHR || attributes.DeviceNumber != makedev(1, 3))
            throw ContainerStartException.Because("/dev/null of the host is not the null device", "mask paths");
        return OpenTree(device, "", OPEN_TREE_CLONE);
    }

    private bool IsBelowProc(string path) =>
        path.StartsWith("/proc/", StringComparison.Ordinal) && _spec.Mounts.Any(static m => IsProc(m) && m.Destination == "/proc");

    private static bool IsProc(MountSpec mount) => mount.Type == "proc";

    private static ulong? Propagation(string? name) => name switch
    {
        null or "" => null,
        "private" => MS_PRIVATE,
        "rprivate" => MS_PRIVATE | MS_REC,
        "slave" => MS_SLAVE,
        "rslave" => MS_SLAVE | MS_REC,
        "shared" => MS_SHARED,
        "rshared" => MS_SHARED | MS_REC,
        "unbindable" => MS_UNBINDABLE,
        "runbindable" => MS_UNBINDABLE | MS_REC,
        _ => throw ContainerStartException.Because($"linux.rootfsPropagation: \"{name}\" is not a propagation type", "root propagation"),
    };
}
