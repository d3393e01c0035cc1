using Berth.Containers.Lifecycle;
using Berth.Containers.Processes;
using Berth.Linux;
using static Berth.Linux.Libc;

namespace Berth.Containers.Rootfs;

/// <summary>Makes mounts that stand nowhere yet: they exist as long as their descriptor, and are attached to an open directory or file.</summary>
internal static class DetachedMount
{
    /// <summary>A new instance of a file system.</summary>
    /// <param name="type">The kernel's name.</param>
    /// <param name="source">Shown as the device in mount tables.</param>
    /// <param name="data">Options of the file system: <c>key=value</c> or a flag.</param>
    /// <param name="attributes">MOUNT_ATTR_*.</param>
    public static FileDescriptor Create(string type, string? source, IReadOnlyList<string> data, ulong attributes)
    {
        using FileDescriptor context = OpenFileSystem(type);
        if (!string.IsNullOrEmpty(source)) ConfigureString(context, "source", source);
        foreach (string option in data)
        {
            int equals = option.IndexOf('=');
            if (equals < 0) ConfigureFlag(context, option);
            else ConfigureString(context, option[..equals], option[(equals + 1)..]);
        }
        CreateFileSystem(context, type);
        return MountFileSystem(context, attributes);
    }

    /// <summary>A copy of a host mount, taken in the caller's mount namespace so that propagation with the host is still possible.</summary>
    public static FileDescriptor Bind(string source, bool recursive) =>
        OpenTree(null, source, OPEN_TREE_CLONE | (recursive ? (uint)AT_RECURSIVE : 0));

    /// <summary>A copy of what lies at a path below <paramref name="source"/>, whose content is someone else's: links may lead around in it, not out.</summary>
    public static FileDescriptor BindBelow(string source, string subpath, bool recursive)
    {
        using FileDescriptor top = Open(source, O_PATH | O_DIRECTORY);
        return BindBelow(top, subpath, recursive);
    }

    /// <summary>The same below a mount of the caller's namespace.</summary>
    public static FileDescriptor BindBelow(FileDescriptor top, string subpath, bool recursive)
    {
        using FileDescriptor place = OpenAt2(top, subpath, O_PATH, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
        return OpenTree(place, "", OPEN_TREE_CLONE | (recursive ? (uint)AT_RECURSIVE : 0));
    }

    /// <summary>Layers, the topmost first, as one read-only tree.</summary>
    public static FileDescriptor ReadOnlyOverlay(IReadOnlyList<string> layers)
    {
        using FileDescriptor context = OpenFileSystem("overlay");
        ConfigureString(context, "source", "overlay");
        List<FileDescriptor> open = [];
        try
        {
            if (layers.Any(layer => TryConfigureString(context, "lowerdir+", layer) != Errno.None))
            {
                // Before Linux 6.8, all in one text of at most 255 bytes.
                foreach (string layer in layers) open.Add(Open(layer, O_PATH | O_DIRECTORY));
                ConfigureString(context, "lowerdir", string.Join(':', open.Select(static o => o.ProcPath)));
            }
            CreateFileSystem(context, "overlay");
            return MountFileSystem(context, MOUNT_ATTR_RDONLY);
        }
        finally
        {
            foreach (FileDescriptor layer in open) layer.Dispose();
        }
    }

    /// <summary>A copy of a mount in another process's mount namespace, <c>/proc/PID/root/PATH</c>: only from within can it be taken.</summary>
    public static FileDescriptor? BindOfProcess(string source, bool recursive)
    {
        string[] parts = source.Split('/', 5);
        if (parts is not ["", "proc", var process, "root", var path] || !process.All(char.IsAsciiDigit)) return null;
        using FileDescriptor mountNamespace = Open($"/proc/{process}/ns/mnt", O_RDONLY);
        using FileDescriptor root = Open($"/proc/{process}/root", O_PATH | O_DIRECTORY);
        using FileDescriptor place = OpenAt2(root, path, O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
        return ThrowAwayThread.Run(() =>
        {
            Unshare(CLONE_FS);
            EnterNamespace(mountNamespace, CLONE_NEWNS, source);
            return OpenTree(place, "", OPEN_TREE_CLONE | (recursive ? (uint)AT_RECURSIVE : 0));
        });
    }

    /// <summary>The container's root.</summary>
    public static FileDescriptor Root(RootfsSource rootfs) => rootfs switch
    {
        DirectoryRootfs directory => Bind(directory.Path, recursive: true),
        OverlayRootfs overlay => Overlay(overlay),
        _ => throw new ArgumentException($"unknown kind of root file system: {rootfs}", nameof(rootfs)),
    };

    /// <summary>The container's root with the ids of a user namespace: files keep the container's own numbers on the disk. The calling
    /// thread must be about to leave its mount namespace, and its effective user the namespace's root: what overlayfs makes belongs to that.</summary>
    public static FileDescriptor Root(RootfsSource rootfs, FileDescriptor userNamespace)
    {
        if (rootfs is DirectoryRootfs directory)
        {
            FileDescriptor bound = Bind(directory.Path, recursive: true);
            Shift(bound, directory.Path, userNamespace);
            return bound;
        }
        OverlayRootfs overlay = (OverlayRootfs)rootfs;
        string top = CommonParent(overlay.UpperDirectory, overlay.WorkDirectory);
        List<string> sources = [top, .. overlay.LowerDirectories];
        List<FileDescriptor> layers = [.. sources.Select(static s => Bind(s, recursive: false))];
        try
        {
            for (int i = 0; i < layers.Count; i++) Shift(layers[i], sources[i], userNamespace);
            string[] paths = [.. layers.Select(static l => l.ProcPath)];
            OverlayRootfs Placed() => new(paths[1..], $"{paths[0]}/{Path.GetRelativePath(top, overlay.UpperDirectory)}", $"{paths[0]}/{Path.GetRelativePath(top, overlay.WorkDirectory)}");
            try
            {
                return Overlay(Placed());
            }
            catch (LinuxException e) when (e.Errno == Errno.EINVAL)
            {
                // Kernels before 6.14 take layers from mounts of the caller's own namespace only.
                Stage(layers, overlay.WorkDirectory, paths);
                return Overlay(Placed());
            }
        }
        finally
        {
            foreach (FileDescriptor layer in layers) layer.Dispose();
        }
    }

    private static void Stage(List<FileDescriptor> layers, string place, string[] paths)
    {
        Unshare(CLONE_NEWNS);
        Mount(null, "/", null, MS_REC | MS_SLAVE);
        using FileDescriptor stage = Create("tmpfs", "berth", ["mode=700"], 0);
        using (FileDescriptor target = Open(place, O_PATH | O_DIRECTORY)) MoveMount(stage, target, place);
        for (int i = 0; i < layers.Count; i++)
        {
            MakeDirectoryAt(stage, $"{i}", 0x1C0);
            using FileDescriptor spot = OpenAt(stage, $"{i}", O_PATH | O_DIRECTORY);
            MoveMount(layers[i], spot, place);
            paths[i] = $"{place}/{i}";
        }
    }

    /// <summary>Shows a detached mount with the ids of a user namespace; false when its file system cannot do that.</summary>
    public static bool TryShift(FileDescriptor mount, FileDescriptor userNamespace, int flags)
    {
        try
        {
            SetMountAttributes(mount, MOUNT_ATTR_IDMAP, flags: flags, userNamespace: userNamespace);
            return true;
        }
        catch (LinuxException e) when (e.Errno == Errno.EINVAL)
        {
            return false;
        }
    }

    private static void Shift(FileDescriptor mount, string path, FileDescriptor userNamespace)
    {
        if (!TryShift(mount, userNamespace, 0))
            throw new LinuxException("mount_setattr", Errno.EINVAL, $"{path}: its file system or this kernel has no idmapped mounts (ext4, xfs, btrfs and, from 6.3, tmpfs have)");
    }

    private static string CommonParent(string first, string second)
    {
        string result = Path.GetFullPath(first);
        while (!Path.GetFullPath(second).StartsWith(result.TrimEnd('/') + "/", StringComparison.Ordinal)) result = Path.GetDirectoryName(result)!;
        return result;
    }

    private static FileDescriptor Overlay(OverlayRootfs overlay)
    {
        using FileDescriptor context = OpenFileSystem("overlay");
        ConfigureString(context, "source", "overlay");
        foreach (string lower in overlay.LowerDirectories)
        {
            if (TryConfigureString(context, "lowerdir+", lower) != Errno.None) return OverlayByOptions(overlay);
        }
        ConfigureString(context, "upperdir", overlay.UpperDirectory);
        ConfigureString(context, "workdir", overlay.WorkDirectory);
        // Layers stay plain files: what a container changed must be readable without the mount (diff, commit).
        _ = TryConfigureString(context, "index", "off");
        _ = TryConfigureString(context, "metacopy", "off");
        _ = TryConfigureString(context, "redirect_dir", "off");
        CreateFileSystem(context, "overlay");
        return MountFileSystem(context);
    }

    // Kernels before 6.8 have no "lowerdir+", and texts above 255 bytes do not pass fsconfig: one option string, then, which must fit a page.
    // Paths are made short by descriptors: /proc/self/fd/N is 20 bytes at most.
    internal static FileDescriptor OverlayByOptions(OverlayRootfs overlay)
    {
        List<FileDescriptor> open = [];
        try
        {
            string Short(string path)
            {
                FileDescriptor directory = Open(path, O_PATH | O_DIRECTORY);
                open.Add(directory);
                return directory.ProcPath;
            }
            string options = $"lowerdir={string.Join(':', overlay.LowerDirectories.Select(Short))},upperdir={Short(overlay.UpperDirectory)},workdir={Short(overlay.WorkDirectory)},index=off,metacopy=off,redirect_dir=off";
            if (options.Length > 4095)
                throw new LinuxException("mount", Errno.E2BIG, $"overlay of {overlay.LowerDirectories.Count} layers");
            Mount("overlay", overlay.UpperDirectory, "overlay", 0, options);
            try
            {
                return OpenTree(null, overlay.UpperDirectory, OPEN_TREE_CLONE);
            }
            finally
            {
                Unmount(overlay.UpperDirectory, MNT_DETACH);
            }
        }
        finally
        {
            foreach (FileDescriptor directory in open) directory.Dispose();
        }
    }
}
