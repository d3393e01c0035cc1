using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Berth.Images.Spec;

/// <summary>Source-generated JSON of the image formats, read with bounds and told apart from invalid input.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = 24)]
[JsonSerializable(typeof(ImageManifest))]
[JsonSerializable(typeof(ImageIndex))]
[JsonSerializable(typeof(ImageConfig))]
[JsonSerializable(typeof(OciLayoutFile))]
[JsonSerializable(typeof(List<Archives.DockerArchiveItem>))]
[JsonSerializable(typeof(Dictionary<string, Dictionary<string, string>>))]
[JsonSerializable(typeof(Store.StoreState))]
[JsonSerializable(typeof(Building.StepRecord))]
[JsonSerializable(typeof(List<string>))]
internal sealed partial class ImageJson : JsonSerializerContext
{
    public const int MaxManifestBytes = 4 << 20;
    public const int MaxConfigBytes = 8 << 20;

    /// <summary>Parses <paramref name="json"/>; malformed input is an <see cref="ImageException"/> that names <paramref name="what"/>.</summary>
    public static T Read<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type, string what) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, type)
                ?? throw ImageException.BadArchive($"{what} is null");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException or ArgumentException)
        {
            throw ImageException.BadArchive($"{what} is not valid: {ImageException.Printable(e.Message)}");
        }
    }

    public static byte[] Write<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);
}
