using System.Text;
using Berth.Engine.State;
using Berth.Linux;

namespace Berth.Engine.Volumes;

/// <summary>Fills a volume so that a crash leaves it empty or whole: the copy is made aside, declared finished by a rename, then moved in entry by
/// entry, and whoever uses the volume next goes on with a move that broke off. One user at a time.</summary>
internal sealed class VolumeFilling
{
    private const string Copying = ".berth-copying", Finished = ".berth-finished";
    private readonly string _data;
    private readonly string _aside;

    public VolumeFilling(EnginePaths paths, VolumeRow volume)
    {
        _data = paths.VolumeData(volume.Name);
        // A rename does not leave a mount: one with options has the copy within.
        _aside = volume.Options.Count == 0 ? Path.GetDirectoryName(_data)! : _data;
    }

    /// <summary>Whether nobody has put anything into it.</summary>
    public bool IsEmpty => !Directory.EnumerateFileSystemEntries(_data).Any(static path => Path.GetFileName(path) is not (Copying or Finished));

    /// <summary>A directory for the copy.</summary>
    public FileDescriptor Begin()
    {
        Directory.CreateDirectory(Path.Combine(_aside, Copying));
        return Libc.Open(Path.Combine(_aside, Copying), Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW);
    }

    /// <summary>The copy is whole: from here on it will be in the volume, whatever happens.</summary>
    public void Finish()
    {
        Libc.RenameAt(null, Path.Combine(_aside, Copying), null, Path.Combine(_aside, Finished));
        MoveIn();
    }

    /// <summary>Ends what a crash has interrupted.</summary>
    public void Resume()
    {
        if (Directory.Exists(Path.Combine(_aside, Copying)))
            Trees.Delete(Path.Combine(_aside, Copying));
        if (Directory.Exists(Path.Combine(_aside, Finished)))
            MoveIn();
    }

    /// <summary>Owner, permissions and times of a directory.</summary>
    public static void CopyAttributes(FileDescriptor from, FileDescriptor to)
    {
        Libc.statx status = Libc.Stat(from);
        Libc.ChangeOwnerAt(to, "", status.stx_uid, status.stx_gid);
        Libc.ChangeMode(to, status.Permissions);
        Libc.SetTimes(to, Time(status.stx_atime), Time(status.stx_mtime));
    }

    private void MoveIn()
    {
        using FileDescriptor finished = Libc.Open(Path.Combine(_aside, Finished), Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW);
        using FileDescriptor data = Libc.Open(_data, Libc.O_RDONLY | Libc.O_DIRECTORY);
        foreach (byte[] name in Libc.ReadRawNames(finished))
        {
            Errno errno = Libc.TryRenameAt(finished, name, data, name, Libc.RENAME_NOREPLACE);
            // What a running instance has made meanwhile stays.
            if (errno is not (Errno.None or Errno.EEXIST))
                throw new LinuxException("renameat2", errno, Encoding.UTF8.GetString(name.AsSpan(0, name.Length - 1)));
        }
        CopyAttributes(finished, data);
        Trees.Delete(Path.Combine(_aside, Finished));
    }

    private static Libc.timespec Time(Libc.statx_timestamp time) => new() { tv_sec = time.tv_sec, tv_nsec = time.tv_nsec };
}
