using Berth.Machine.Storage;

namespace Berth.Disks;

/// <summary>Empty disks for what machines write.</summary>
public static class WritableDisk
{
    /// <summary>File system of the disks, as mount(2) knows it.</summary>
    public static string FileSystem => "ext4";

    /// <summary>The smallest disk that holds its file system and something more.</summary>
    public const long MinimumLength = 8L << 20;

    /// <summary>Makes a new sparse file with an empty file system; it takes room on the host as the machine writes.</summary>
    /// <exception cref="DiskException">mkfs.ext4 is missing or failed, or the host's disk is full.</exception>
    public static void Create(string path, long length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, MinimumLength);
        ArgumentOutOfRangeException.ThrowIfNotEqual(length % IBlockBackend.SectorSize, 0L, nameof(length));
        RawDisk.Create(path, length).Dispose();
        try
        {
            // A fresh sparse file is zeros: nothing needs to be zeroed now or later by the guest.
            HostTool.Run("mkfs.ext4", "e2fsprogs", ["-q", "-F", "-m", "0", "-E", "assume_storage_prezeroed=1,nodiscard,root_owner=0:0", path]);
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }
}
