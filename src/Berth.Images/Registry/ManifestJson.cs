using System.Text.Json;
using Berth.Images.Spec;

namespace Berth.Images.Registry;

/// <summary>Tells what kind of manifest a registry sent.</summary>
internal static class ManifestJson
{
    /// <summary>The tags of a list of tags. [OCI-DIST] "Listing Tags".</summary>
    /// <exception cref="ImageException">It is no such list.</exception>
    public static IReadOnlyList<string> Tags(byte[] json, string what)
    {
        using JsonDocument? document = RegistryJson.TryParse(json);
        if (document?.RootElement is not { ValueKind: JsonValueKind.Object } root || !root.TryGetProperty("tags", out JsonElement tags) || tags.ValueKind is not (JsonValueKind.Array or JsonValueKind.Null))
        {
            throw ImageException.BadArchive($"{what} is no list of tags");
        }
        return tags.ValueKind == JsonValueKind.Null ? [] : [.. tags.EnumerateArray().Where(tag => tag.ValueKind == JsonValueKind.String).Select(tag => tag.GetString()!)];
    }

    /// <summary>
    /// The media type by the document itself, else by its shape, else by the header: two readers must not take the same bytes for
    /// different things. [OCI-IMG] manifest.md "mediaType".
    /// </summary>
    /// <exception cref="ImageException">It is no manifest that Berth reads.</exception>
    public static string MediaTypeOf(byte[] json, string? header, string what)
    {
        using JsonDocument? document = RegistryJson.TryParse(json);
        if (document?.RootElement is not { ValueKind: JsonValueKind.Object } root)
        {
            throw ImageException.BadArchive($"{what} is not a JSON object");
        }
        bool isManifest = root.TryGetProperty("layers", out _) || root.TryGetProperty("config", out _), isIndex = root.TryGetProperty("manifests", out _);
        if (isManifest && isIndex)
        {
            throw ImageException.BadArchive($"{what} is both a manifest and an index");
        }
        if (RegistryJson.Number(root, "schemaVersion") == 1)
        {
            throw new ImageException(ImageErrorCode.NotSupported, $"{what} has the schema 1 that registries gave up: push it again with a current tool");
        }
        string own = RegistryJson.Text(root, "mediaType");
        string type = own.Length > 0 ? own : isIndex ? MediaTypes.OciIndex : isManifest ? MediaTypes.OciManifest : header ?? "";
        return (MediaTypes.IsIndex(type) && isIndex) || (MediaTypes.IsManifest(type) && isManifest)
            ? type
            : throw new ImageException(ImageErrorCode.NotSupported, $"{what} has media type \"{ImageException.Printable(type)}\", which is no image's");
    }
}
