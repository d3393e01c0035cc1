using Berth.Machine.Storage;

namespace Berth.Disks;

/// <summary>The checks every backend makes before it acts.</summary>
internal static class DiskRange
{
    public static void Check(IBlockBackend disk, long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, disk.Length, nameof(length));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, disk.Length - length, nameof(offset));
    }

    public static void CheckWrite(IBlockBackend disk, long offset, long length)
    {
        if (disk.IsReadOnly)
        {
            throw new InvalidOperationException("the disk is read-only");
        }
        Check(disk, offset, length);
    }
}
