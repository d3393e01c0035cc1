using Berth.Linux;

namespace Berth.Images.Containers;

/// <summary>File modes as Go's os.FileMode has them, which Docker's API shows. [GO-FS] FileMode.</summary>
internal static class GoFileMode
{
    private const uint Directory = 1u << 31, SymbolicLink = 1u << 27, Device = 1u << 26, NamedPipe = 1u << 25, Socket = 1u << 24,
        SetUid = 1u << 23, SetGid = 1u << 22, CharacterDevice = 1u << 21, Sticky = 1u << 20;

    public static uint From(in Libc.statx stat)
    {
        uint mode = stat.Permissions;
        uint type = stat.FileType switch
        {
            Libc.S_IFDIR => Directory,
            Libc.S_IFLNK => SymbolicLink,
            Libc.S_IFBLK => Device,
            Libc.S_IFCHR => Device | CharacterDevice,
            Libc.S_IFIFO => NamedPipe,
            Libc.S_IFSOCK => Socket,
            _ => 0,
        };
        return type | (mode & 0x1FF) | ((mode & Libc.S_ISUID) != 0 ? SetUid : 0) | ((mode & Libc.S_ISGID) != 0 ? SetGid : 0) | ((mode & Libc.S_ISVTX) != 0 ? Sticky : 0);
    }
}
