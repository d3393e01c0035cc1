using System.Formats.Tar;
using Berth.Cli.Http;
using Berth.Linux;

namespace Berth.Cli.Copy;

/// <summary>A file or folder of the host as a tar stream, made while it is read.</summary>
internal static class HostArchive
{
    /// <summary>The archive; its first name is <paramref name="rootName"/>, or with <paramref name="contentOnly"/> only what is inside is packed.</summary>
    public static Stream Open(string path, string rootName, bool contentOnly)
    {
        var (read, write) = Libc.Pipe();
        Thread packer = new(() =>
        {
            try
            {
                using DescriptorStream output = new(write);
                using TarWriter tar = new(output, TarEntryFormat.Pax);
                Add(tar, path, contentOnly ? "." : rootName);
            }
            catch (LinuxException)
            {
                // The reader went away; it knows why.
            }
        })
        { IsBackground = true };
        packer.Start();
        return new DescriptorStream(read);
    }

    private static void Add(TarWriter tar, string path, string name)
    {
        FileInfo info = new(path);
        if (info.LinkTarget is null && Directory.Exists(path))
        {
            tar.WriteEntry(path, name);
            foreach (var child in Directory.EnumerateFileSystemEntries(path))
            {
                Add(tar, child, $"{name}/{Path.GetFileName(child)}");
            }
            return;
        }
        tar.WriteEntry(path, name);
    }
}
