using System.Formats.Tar;
using System.Text;
using Berth.Compose.Model;

namespace Berth.Compose.Running;

/// <summary>Writes secrets and configs that are no files of the host (<c>content</c>, <c>environment</c>) into a container.</summary>
public static class ContentFiles
{
    /// <summary>Writes those of <paramref name="service"/>; nothing when it has none.</summary>
    public static void Write(IEngine engine, Project project, Service service, string id)
    {
        var files = MountBodies.Files(project, service).Where(one => one.File.Content is not null).ToList();
        if (files.Count == 0)
        {
            return;
        }
        using MemoryStream archive = new();
        using (TarWriter tar = new(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var (grant, file) in files)
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, grant.Target.TrimStart('/'))
                {
                    Uid = grant.Uid,
                    Gid = grant.Gid,
                    Mode = (UnixFileMode)grant.Mode & (UnixFileMode)0xFFF,
                    DataStream = new MemoryStream(Encoding.UTF8.GetBytes(file.Content!)),
                });
            }
        }
        archive.Position = 0;
        foreach (var _ in engine.Upload("PUT", $"/containers/{id}/archive?path=%2F&copyUIDGID=true", archive))
        {
            // The answer is empty.
        }
    }
}
