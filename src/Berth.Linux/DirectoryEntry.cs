namespace Berth.Linux;

/// <summary>One name in a directory with its DT_* type (DT_UNKNOWN on file systems that do not say) and inode number.</summary>
public readonly record struct DirectoryEntry(string Name, byte Type, ulong Inode);
