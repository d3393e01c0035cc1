using System.IO.Compression;
using System.Text;
using Berth.Images.Spec;

namespace Berth.Images.Tests;

/// <summary>Writes image archives of the old <c>docker save</c> kind, with room for lies.</summary>
internal sealed class ArchiveBuilder
{
    private readonly List<(byte[] Stored, Digest DiffId)> _layers = [];
    private readonly List<string> _tags = [];
    private ImageDefaults? _defaults;
    private string? _created;

    public ArchiveBuilder Tag(string tag)
    {
        _tags.Add(tag);
        return this;
    }

    public ArchiveBuilder Layer(TarBuilder tar, bool gzip = false, Digest? diffId = null)
    {
        byte[] plain = tar.Build();
        return Stored(gzip ? Gzip(plain) : plain, diffId ?? Digest.Of(plain));
    }

    public ArchiveBuilder Stored(byte[] stored, Digest diffId)
    {
        _layers.Add((stored, diffId));
        return this;
    }

    public ArchiveBuilder Defaults(ImageDefaults defaults, string? created = null)
    {
        _defaults = defaults;
        _created = created;
        return this;
    }

    public byte[] Config() => ImageJson.Write(
        new ImageConfig
        {
            Architecture = "amd64",
            Os = "linux",
            Created = _created,
            Config = _defaults,
            Rootfs = new RootFs { DiffIds = [.. _layers.Select(layer => layer.DiffId)] },
            History = [.. _layers.Select((_, i) => new HistoryEntry { CreatedBy = $"step {i}", Created = _created })],
        },
        ImageJson.Default.ImageConfig);

    public MemoryStream Docker()
    {
        byte[] config = Config();
        var tar = new TarBuilder().File(Digest.Of(config).Hex + ".json", Encoding.UTF8.GetString(config));
        var names = new List<string>();
        foreach ((byte[] stored, _) in _layers)
        {
            names.Add($"layer{names.Count}/layer.tar");
            tar.Add(new Berth.Images.Tar.TarEntry { Name = names[^1], Type = Berth.Images.Tar.TarEntryType.File, Mode = 0x1A4 }, stored);
        }
        string Quote(IEnumerable<string> items) => "[" + string.Join(',', items.Select(item => $"\"{item}\"")) + "]";
        tar.File("manifest.json", $$"""[{"Config":"{{Digest.Of(config).Hex}}.json","RepoTags":{{Quote(_tags)}},"Layers":{{Quote(names)}}}]""");
        return new MemoryStream(tar.Build());
    }

    public static byte[] Gzip(byte[] plain)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(plain);
        }
        return packed.ToArray();
    }
}
