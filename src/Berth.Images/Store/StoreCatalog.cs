using Berth.Images.Spec;
using Berth.Linux;

namespace Berth.Images.Store;

/// <summary>
/// The store's roots in one file, replaced as a whole: written beside, flushed, renamed, directory flushed. At any instant the
/// file holds either the old or the new state.
/// </summary>
internal sealed class StoreCatalog
{
    private readonly StorePaths _paths;
    private readonly Lock _gate = new();
    private volatile StoreState _current;

    public StoreCatalog(StorePaths paths)
    {
        _paths = paths;
        _current = File.Exists(paths.State) ? Load(paths.State) : new StoreState();
    }

    /// <summary>The state as of now; never changed in place.</summary>
    public StoreState Current => _current;

    /// <summary>Applies <paramref name="change"/> to a copy and makes it the durable state; when it throws, nothing has changed.</summary>
    public StoreState Update(Action<StoreState> change)
    {
        lock (_gate)
        {
            StoreState next = _current.Copy();
            change(next);
            string staging = _paths.NewStaging("state");
            try
            {
                using (FileDescriptor file = Libc.Open(staging, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_EXCL, 0x180 /* 0600 */))
                {
                    Libc.WriteAll(file, ImageJson.Write(next, ImageJson.Default.StoreState));
                    Libc.Sync(file);
                }
                Libc.RenameAt(null, staging, null, _paths.State);
            }
            catch
            {
                Libc.TryUnlinkAt(null, staging);
                throw;
            }
            SyncDirectory(_paths.Root);
            return _current = next;
        }
    }

    public static void SyncDirectory(string path)
    {
        using FileDescriptor directory = Libc.Open(path, Libc.O_RDONLY | Libc.O_DIRECTORY);
        Libc.Sync(directory);
    }

    private static StoreState Load(string path)
    {
        StoreState state = ImageJson.Read(File.ReadAllBytes(path), ImageJson.Default.StoreState, path);
        return state.Version == StoreState.CurrentVersion
            ? state
            : throw new ImageException(ImageErrorCode.System, $"{path} has version {state.Version}; this Berth reads version {StoreState.CurrentVersion}: use the Berth that wrote it, or move the image directory away");
    }
}
