using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Images;

/// <summary>A content digest, <c>sha256:</c> and 64 lower-case hexadecimal digits. [OCI-IMG] descriptor.md "Digests".</summary>
[JsonConverter(typeof(DigestJsonConverter))]
public readonly record struct Digest
{
    private const string Prefix = "sha256:";
    private static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");
    private readonly string? _hex;

    private Digest(string hex) => _hex = hex;

    /// <summary>The 64 digits without the algorithm.</summary>
    public string Hex => _hex ?? throw new InvalidOperationException("The digest was never set.");

    /// <summary>Whether this is the default value, which is no digest.</summary>
    public bool IsEmpty => _hex is null;

    /// <summary>The digest of <paramref name="content"/>.</summary>
    public static Digest Of(ReadOnlySpan<byte> content) => FromHash(SHA256.HashData(content));

    /// <summary>Wraps 32 hash bytes.</summary>
    public static Digest FromHash(ReadOnlySpan<byte> hash) => new(Convert.ToHexStringLower(hash));

    /// <summary>Reads <c>sha256:…</c>; anything else is false.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        digest = default;
        if (text is null || !text.StartsWith(Prefix, StringComparison.Ordinal) || !IsHex(text.AsSpan(Prefix.Length)))
        {
            return false;
        }
        digest = new Digest(text[Prefix.Length..]);
        return true;
    }

    /// <summary>Reads <c>sha256:…</c>.</summary>
    /// <exception cref="ImageException">It is not such a digest.</exception>
    public static Digest Parse(string? text) => TryParse(text, out Digest digest)
        ? digest
        : throw ImageException.BadArchive(
            $"\"{ImageException.Printable(text ?? "")}\" is not a digest: expected sha256: and 64 lower-case hexadecimal digits");

    internal static bool IsHex(ReadOnlySpan<char> digits) => digits.Length == 64 && HasOnlyHex(digits);

    internal static bool HasOnlyHex(ReadOnlySpan<char> digits) => digits.IndexOfAnyExcept(LowerHex) < 0;

    /// <inheritdoc/>
    public override string ToString() => _hex is null ? "" : Prefix + _hex;
}

internal sealed class DigestJsonConverter : JsonConverter<Digest>
{
    public override Digest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Digest.TryParse(reader.GetString(), out Digest digest)
            ? digest
            : throw new JsonException("expected a sha256 digest");

    public override void Write(Utf8JsonWriter writer, Digest value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());

    public override Digest ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Digest.TryParse(reader.GetString(), out Digest digest) ? digest : throw new JsonException("expected a sha256 digest as key");

    public override void WriteAsPropertyName(Utf8JsonWriter writer, Digest value, JsonSerializerOptions options) =>
        writer.WritePropertyName(value.ToString());
}
