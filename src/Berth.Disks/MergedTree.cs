using System.Runtime.ExceptionServices;
using Berth.Linux;

namespace Berth.Disks;

/// <summary>Shows layers merged by overlayfs to one piece of work; no other thread or process sees the mount, and it goes with the work.</summary>
internal static class MergedTree
{
    public static void Use(IReadOnlyList<string> layers, string staging, Action<string> work)
    {
        ExceptionDispatchInfo? failure = null;
        // A thread that has left the mount namespace must not go back to the pool.
        var thread = new Thread(() =>
        {
            try
            {
                Libc.Unshare(Libc.CLONE_NEWNS);
                Libc.Mount(null, "/", null, Libc.MS_REC | Libc.MS_PRIVATE);
                string tree = Mount(layers, staging);
                try
                {
                    work(tree);
                }
                finally
                {
                    Libc.Unmount(tree, Libc.MNT_DETACH);
                }
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }

    private static string Mount(IReadOnlyList<string> layers, string staging)
    {
        string tree = Path.Combine(staging, "tree"), bottom = Path.Combine(staging, "bottom");
        Directory.CreateDirectory(tree);
        // An empty layer below all others: overlayfs wants two, and the lowest one's whiteouts must hide too.
        Directory.CreateDirectory(bottom);
        var open = new List<FileDescriptor>();
        try
        {
            foreach (string layer in layers.Append(bottom))
            {
                open.Add(Libc.Open(layer, Libc.O_PATH | Libc.O_DIRECTORY));
            }
            // Descriptors keep the option string short, which must fit a page; and no name in it needs escaping.
            string options = $"lowerdir={string.Join(':', open.Select(static directory => directory.ProcPath))},index=off,metacopy=off,redirect_dir=off";
            if (options.Length > 4095)
            {
                throw new DiskException(DiskErrorCode.NotSupported, $"an image of {layers.Count} layers: at most about 180 can be merged");
            }
            Libc.Mount("overlay", tree, "overlay", Libc.MS_RDONLY, options);
            return tree;
        }
        finally
        {
            open.ForEach(static directory => directory.Dispose());
        }
    }
}
