using System.Formats.Tar;
using Berth.Cli.Api;

namespace Berth.Cli.Copy;

/// <summary>
/// Unpacks an archive that came out of a container. Its content is not to be trusted: names may not leave the target, and links are
/// made last, so that nothing is ever written through one of them.
/// </summary>
internal sealed class HostExtractor(string folder, string? renameTo, bool keepOwner)
{
    private readonly List<TarEntry> _links = [];
    private readonly List<(string Path, DateTimeOffset Time, UnixFileMode Mode)> _directories = [];

    /// <summary>Unpacks everything below the folder; the first part of every name becomes the new name, if one was given.</summary>
    public void Extract(Stream archive)
    {
        using TarReader reader = new(archive, leaveOpen: true);
        while (reader.GetNextEntry() is { } entry)
        {
            if (entry.EntryType is TarEntryType.SymbolicLink or TarEntryType.HardLink)
            {
                _links.Add(entry);
                continue;
            }
            if (Target(entry.Name) is not { } path)
            {
                continue;
            }
            Extract(entry, path);
        }
        foreach (var link in _links)
        {
            MakeLink(link);
        }
        // Deepest first: making something in a directory changes its time, and its mode may forbid it.
        _directories.Reverse();
        foreach (var (path, time, mode) in _directories)
        {
            File.SetUnixFileMode(path, mode);
            Directory.SetLastWriteTimeUtc(path, time.UtcDateTime);
        }
    }

    private void Extract(TarEntry entry, string path)
    {
        switch (entry.EntryType)
        {
            case TarEntryType.Directory:
                Directory.CreateDirectory(path);
                _directories.Add((path, entry.ModificationTime, entry.Mode));
                break;
            case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                RemoveLink(path);
                using (FileStream file = new(path, FileMode.Create, FileAccess.Write))
                {
                    entry.DataStream?.CopyTo(file);
                }
                File.SetUnixFileMode(path, entry.Mode);
                File.SetLastWriteTimeUtc(path, entry.ModificationTime.UtcDateTime);
                break;
            default:
                // Devices and pipes are not copied out.
                return;
        }
        if (keepOwner)
        {
            Linux.Libc.ChangeOwnerAt(null, path, (uint)entry.Uid, (uint)entry.Gid);
        }
    }

    private void MakeLink(TarEntry link)
    {
        if (Target(link.Name) is not { } path)
        {
            return;
        }
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        RemoveLink(path);
        File.Delete(path);
        if (link.EntryType == TarEntryType.SymbolicLink)
        {
            File.CreateSymbolicLink(path, link.LinkName);
        }
        else if (Target(link.LinkName) is { } source && new FileInfo(source) is { Exists: true, LinkTarget: null })
        {
            File.Copy(source, path);
        }
    }

    private static void RemoveLink(string path)
    {
        if (new FileInfo(path).LinkTarget is not null)
        {
            File.Delete(path);
        }
    }

    private string? Target(string name)
    {
        List<string> parts = [.. name.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".")];
        if (parts.Contains("..") || name.Contains('\0', StringComparison.Ordinal))
        {
            throw new CliException($"the archive holds a name that leads out of it: {name}");
        }
        if (renameTo is not null && parts.Count > 0)
        {
            parts[0] = renameTo;
        }
        return parts.Count == 0 ? null : Path.Combine(folder, Path.Combine([.. parts]));
    }
}
