using Berth.Linux;

namespace Berth.FileSystems;

/// <summary>What makes a file the same file: where it is shared, its mount, device and number, and when it was made, since numbers are used again.</summary>
internal readonly record struct FileIdentity(int Folder, ulong Mount, ulong Device, ulong Number, long BornSeconds, uint BornNanoseconds)
{
    public static FileIdentity Of(int folder, in Libc.statx status) =>
        new(folder, status.stx_mnt_id, status.Device, status.stx_ino, status.stx_btime.tv_sec, status.stx_btime.tv_nsec);
}
