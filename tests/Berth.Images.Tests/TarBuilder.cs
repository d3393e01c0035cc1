using System.Text;
using Berth.Images.Tar;

namespace Berth.Images.Tests;

/// <summary>Writes archives for tests, honest and otherwise.</summary>
internal sealed class TarBuilder
{
    private readonly List<(TarEntry Entry, byte[] Data)> _entries = [];

    public TarBuilder File(string name, string content = "", int mode = 0x1A4) => Add(new TarEntry { Name = name, Type = TarEntryType.File, Mode = mode }, Encoding.UTF8.GetBytes(content));

    public TarBuilder Directory(string name, int mode = 0x1ED) => Add(new TarEntry { Name = name, Type = TarEntryType.Directory, Mode = mode });

    public TarBuilder Link(string name, string target) => Add(new TarEntry { Name = name, Type = TarEntryType.SymbolicLink, LinkName = target, Mode = 0x1FF });

    public TarBuilder HardLink(string name, string target) => Add(new TarEntry { Name = name, Type = TarEntryType.HardLink, LinkName = target });

    public TarBuilder Add(TarEntry entry, byte[]? data = null)
    {
        _entries.Add((entry.Type == TarEntryType.File ? entry with { Size = data?.Length ?? 0 } : entry, data ?? []));
        return this;
    }

    public byte[] Build()
    {
        using var stream = new MemoryStream();
        var writer = new TarWriter(stream);
        foreach ((TarEntry entry, byte[] data) in _entries)
        {
            // A memory stream never waits, so neither do these.
            writer.WriteEntryAsync(entry, default).AsTask().GetAwaiter().GetResult();
            writer.WriteDataAsync(data, default).AsTask().GetAwaiter().GetResult();
        }
        writer.CompleteAsync(default).AsTask().GetAwaiter().GetResult();
        return stream.ToArray();
    }
}
