using Berth.Linux;

namespace Berth.Images.Store;

/// <summary>Stops writing while the disk still has room for everyone else.</summary>
internal sealed class DiskWatermark(string path, long minFreeBytes)
{
    /// <exception cref="ImageException">Less than the reserve is free.</exception>
    public void Check()
    {
        Libc.statfs disk = Libc.StatFileSystem(path);
        long free = (long)Math.Min(disk.f_bavail, long.MaxValue / (ulong)disk.f_bsize) * disk.f_bsize;
        if (free < minFreeBytes)
        {
            throw new ImageException(ImageErrorCode.NoSpace,
                $"only {free >> 20} MiB are free below {path}, and {minFreeBytes >> 20} MiB are kept in reserve: free some room, for example with an image prune");
        }
    }
}
