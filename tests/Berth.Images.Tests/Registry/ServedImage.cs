using System.Globalization;
using System.Security.Cryptography;
using Berth.Images.Spec;

namespace Berth.Images.Tests.Registry;

/// <summary>Images as a registry has them, and the honest answers for them.</summary>
internal sealed class ServedImage
{
    private readonly List<(byte[] Stored, Digest DiffId, string Type)> _layers = [];
    private readonly Dictionary<string, (byte[] Json, string Type)> _manifests = new(StringComparer.Ordinal);

    public Dictionary<Digest, byte[]> Blobs { get; } = [];

    public string ManifestType { get; init; } = MediaTypes.OciManifest;

    public string ConfigType { get; init; } = MediaTypes.OciConfig;

    public string Architecture { get; init; } = "amd64";

    /// <summary>An image whose layers hold one file each, big enough to be sent in several pieces, tagged <c>v1</c>.</summary>
    public static ServedImage OfFiles(params string[] names)
    {
        var image = new ServedImage();
        foreach (string name in names)
        {
            // Random text does not shrink much.
            byte[] tar = new TarBuilder().File(name, Convert.ToHexString(RandomNumberGenerator.GetBytes(100_000))).Build();
            image.Layer(ArchiveBuilder.Gzip(tar), Digest.Of(tar), MediaTypes.OciLayerGzip);
        }
        image.Tag("v1");
        return image;
    }

    public ServedImage Layer(byte[] stored, Digest diffId, string type)
    {
        _layers.Add((stored, diffId, type));
        Blobs[Digest.Of(stored)] = stored;
        return this;
    }

    public IReadOnlyList<Digest> LayerDigests => [.. _layers.Select(layer => Digest.Of(layer.Stored))];

    /// <summary>Makes the manifest of the layers so far.</summary>
    public byte[] Manifest(Func<ImageManifest, ImageManifest>? change = null)
    {
        byte[] config = ImageJson.Write(
            new ImageConfig { Architecture = Architecture, Os = "linux", Rootfs = new RootFs { DiffIds = [.. _layers.Select(layer => layer.DiffId)] } }, ImageJson.Default.ImageConfig);
        Blobs[Digest.Of(config)] = config;
        var manifest = new ImageManifest
        {
            MediaType = ManifestType,
            Config = new Descriptor { MediaType = ConfigType, Digest = Digest.Of(config), Size = config.Length },
            Layers = [.. _layers.Select(layer => new Descriptor { MediaType = layer.Type, Digest = Digest.Of(layer.Stored), Size = layer.Stored.Length })],
        };
        return ImageJson.Write(change?.Invoke(manifest) ?? manifest, ImageJson.Default.ImageManifest);
    }

    public Digest Tag(string tag) => Tag(tag, Manifest(), ManifestType);

    public Digest Tag(string tag, byte[] json, string type)
    {
        _manifests[tag] = _manifests[Digest.Of(json).ToString()] = (json, type);
        return Digest.Of(json);
    }

    public ScriptedResponse Answer(ScriptedRequest request)
    {
        string item = request.Path[(request.Path.LastIndexOf('/') + 1)..];
        if (request.Path == "/v2/")
        {
            return new ScriptedResponse();
        }
        if (request.Path.Contains("/manifests/", StringComparison.Ordinal))
        {
            return _manifests.TryGetValue(item, out (byte[] Json, string Type) manifest)
                ? new ScriptedResponse { Body = manifest.Json, Headers = [("Content-Type", manifest.Type), ("Docker-Content-Digest", Digest.Of(manifest.Json).ToString())] }
                : ScriptedResponse.Text("""{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}""") with { Status = 404 };
        }
        if (request.Path.Contains("/blobs/", StringComparison.Ordinal) && Digest.TryParse(item, out Digest digest) && Blobs.TryGetValue(digest, out byte[]? blob))
        {
            return Blob(request, blob);
        }
        return new ScriptedResponse(404);
    }

    public static ScriptedResponse Blob(ScriptedRequest request, byte[] blob)
    {
        if (request["Range"] is not { } range)
        {
            return new ScriptedResponse { Body = blob };
        }
        int from = int.Parse(range.Split('=', '-')[1], CultureInfo.InvariantCulture);
        return new ScriptedResponse(206) { Body = blob[from..], Headers = [("Content-Range", $"bytes {from}-{blob.Length - 1}/{blob.Length}")] };
    }

    public static byte[] Index(params (byte[] Manifest, string Architecture, string? Variant)[] entries) => ImageJson.Write(
        new ImageIndex
        {
            MediaType = MediaTypes.OciIndex,
            Manifests = [.. entries.Select(entry => new Descriptor
            {
                MediaType = MediaTypes.OciManifest,
                Digest = Digest.Of(entry.Manifest),
                Size = entry.Manifest.Length,
                Platform = new Platform { Os = "linux", Architecture = entry.Architecture, Variant = entry.Variant },
            })],
        },
        ImageJson.Default.ImageIndex);
}
