using static Berth.Linux.Libc;

namespace Berth.Engine.Planning;

/// <summary>The words of mount(8) → flags of mount(2) and what the file system reads itself.</summary>
internal static class MountFlags
{
    public static (ulong Flags, string Data) Split(IEnumerable<string> options)
    {
        ulong flags = 0;
        var data = new List<string>();
        foreach (string option in options)
        {
            if (Flag(option) is { } flag)
                flags |= flag;
            else
                data.Add(option);
        }
        return (flags, string.Join(',', data));
    }

    // Words that only take a flag back mean nothing for a new mount.
    private static ulong? Flag(string option) => option switch
    {
        "ro" => MS_RDONLY,
        "nosuid" => MS_NOSUID,
        "nodev" => MS_NODEV,
        "noexec" => MS_NOEXEC,
        "sync" => MS_SYNCHRONOUS,
        "dirsync" => MS_DIRSYNC,
        "noatime" => MS_NOATIME,
        "nodiratime" => MS_NODIRATIME,
        "relatime" => MS_RELATIME,
        "strictatime" => MS_STRICTATIME,
        "bind" => MS_BIND,
        "rbind" => MS_BIND | MS_REC,
        "rw" or "async" or "atime" or "diratime" or "norelatime" or "nostrictatime" or "defaults" or "suid" or "dev" or "exec" => 0,
        _ => null,
    };
}
