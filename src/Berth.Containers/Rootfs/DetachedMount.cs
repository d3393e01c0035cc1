using Berth.Containers.Lifecycle;
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

    /// <summary>The container's root.</summary>
    public static FileDescriptor Root(RootfsSource rootfs) => rootfs switch
    {
        DirectoryRootfs directory => Bind(directory.Path, recursive: true),
        OverlayRootfs overlay => Overlay(overlay),
        _ => throw new ArgumentException($"unknown kind of root file system: {rootfs}", nameof(rootfs)),
    };

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
    private static FileDescriptor OverlayByOptions(OverlayRootfs overlay)
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
            string options = $"lowerdir={string.Join(':', overlay.LowerDirectories.Select(Short))},upperdir={Short(overlay.UpperDirectory)},workdir={Short(overlay.WorkDirectory)}";
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
