using Berth.Linux;

namespace Berth.FileSystems;

/// <summary>A file the guest knows by a number. It is found again by its directory and name; the descriptor is a cache that may be closed, unless
/// the file has no name any more.</summary>
internal sealed class FileNode(ulong id, FileIdentity identity, uint type)
{
    public ulong Id { get; } = id;

    public FileIdentity Identity { get; } = identity;

    /// <summary>S_IF*: a file never changes it.</summary>
    public uint Type { get; } = type;

    public bool IsDirectory => Type == Libc.S_IFDIR;

    /// <summary>The directory in which it was seen last.</summary>
    public ulong Parent { get; set; }

    /// <summary>Its name there, NUL at the end; empty for the root of a shared folder.</summary>
    public byte[] Name { get; set; } = [];

    /// <summary>How often the guest was told of it and has not forgotten it.</summary>
    public ulong Lookups { get; set; }

    /// <summary>Opened with O_PATH, or null.</summary>
    public FileDescriptor? Path { get; set; }

    /// <summary>Whether only the descriptor leads to it.</summary>
    public bool IsPinned { get; set; }

    /// <summary>Whether the descriptor was used since the last look for one to close.</summary>
    public bool IsRecent { get; set; }
}
