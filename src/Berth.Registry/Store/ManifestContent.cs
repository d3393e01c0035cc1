using System.Text.Json;
using Berth.Images;
using Berth.Images.Spec;
using Berth.Registry.Http;

namespace Berth.Registry.Store;

/// <summary>What a manifest or index says that concerns a registry. [OCI-IMG] manifest.md, image-index.md.</summary>
internal sealed record ManifestContent
{
    /// <summary>Bytes of a manifest at most. [OCI-DIST] "Pushing Manifests".</summary>
    public const int MaxBytes = 4 << 20;

    private static readonly string[] MediaTypesTaken = [MediaTypes.OciManifest, MediaTypes.OciIndex, MediaTypes.DockerManifest, MediaTypes.DockerIndex];

    public required Digest Digest { get; init; }

    public required string MediaType { get; init; }

    /// <summary>Configuration and layers.</summary>
    public required IReadOnlyList<Digest> Blobs { get; init; }

    /// <summary>Manifests of an index.</summary>
    public required IReadOnlyList<Digest> Children { get; init; }

    /// <summary>The manifest this one is about, which need not exist.</summary>
    public Digest? Subject { get; init; }

    /// <summary>JSON of this manifest's descriptor in a list of referrers.</summary>
    public required byte[] Descriptor { get; init; }

    /// <summary>Reads a manifest.</summary>
    /// <param name="json">All of it.</param>
    /// <param name="contentType">Media type that the client gave; null for one that is stored already.</param>
    /// <exception cref="RegistryException">It is malformed, or says another media type than the client.</exception>
    public static ManifestContent Parse(ReadOnlyMemory<byte> json, string? contentType)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 32, AllowDuplicateProperties = false });
            return Read(document.RootElement, Digest.Of(json.Span), json.Length, contentType);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ImageException)
        {
            throw RegistryException.ManifestInvalid($"not a manifest: {e.Message}");
        }
    }

    private static ManifestContent Read(JsonElement root, Digest digest, int size, string? contentType)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("schemaVersion", out JsonElement version) || version.GetInt32() != 2)
        {
            throw RegistryException.ManifestInvalid("schemaVersion must be 2");
        }
        bool isIndex = root.TryGetProperty("manifests", out JsonElement manifests);
        string own = Text(root, "mediaType") ?? contentType ?? (isIndex ? MediaTypes.OciIndex : MediaTypes.OciManifest);
        if (contentType is not null && own != contentType)
        {
            throw RegistryException.ManifestInvalid("mediaType and Content-Type differ");
        }
        if (!MediaTypesTaken.Contains(own) || isIndex != own is MediaTypes.OciIndex or MediaTypes.DockerIndex || (isIndex && (root.TryGetProperty("layers", out _) || root.TryGetProperty("config", out _))))
        {
            throw RegistryException.ManifestInvalid($"media type {(own.Length > 100 ? own[..100] : own)} is not taken, or not what the content is");
        }
        var blobs = new List<Digest>();
        var children = new List<Digest>();
        string? configType = null;
        if (isIndex)
        {
            children.AddRange(manifests.EnumerateArray().Select(DigestOf));
        }
        else
        {
            JsonElement config = root.GetProperty("config");
            configType = Text(config, "mediaType");
            blobs.Add(DigestOf(config));
            blobs.AddRange(root.GetProperty("layers").EnumerateArray().Where(IsStoredHere).Select(DigestOf));
        }
        Digest? subject = root.TryGetProperty("subject", out JsonElement about) && about.ValueKind != JsonValueKind.Null ? DigestOf(about) : null;
        return new ManifestContent
        {
            Digest = digest,
            MediaType = own,
            Blobs = blobs,
            Children = children,
            Subject = subject,
            Descriptor = DescriptorOf(root, digest, size, own, Text(root, "artifactType") is { Length: > 0 } type ? type : configType),
        };
    }

    private static Digest DigestOf(JsonElement descriptor) => Digest.Parse(descriptor.GetProperty("digest").GetString());

    // Layers that may not be distributed stay where their addresses say. [OCI-IMG] layer.md "Non-Distributable Layers".
    private static bool IsStoredHere(JsonElement layer) => Text(layer, "mediaType") is not { } type
        || (!type.Contains("nondistributable", StringComparison.Ordinal) && !type.Contains(".foreign.", StringComparison.Ordinal));

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.GetString() : null;

    // [OCI-DIST] "Listing Referrers": media type, size, digest, artifact type and annotations of the manifest.
    private static byte[] DescriptorOf(JsonElement root, Digest digest, int size, string mediaType, string? artifactType)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("mediaType", mediaType);
            json.WriteString("digest", digest.ToString());
            json.WriteNumber("size", size);
            if (artifactType is not null)
            {
                json.WriteString("artifactType", artifactType);
            }
            if (root.TryGetProperty("annotations", out JsonElement annotations) && annotations.ValueKind == JsonValueKind.Object)
            {
                json.WritePropertyName("annotations");
                annotations.WriteTo(json);
            }
            json.WriteEndObject();
        }
        return stream.ToArray();
    }
}
