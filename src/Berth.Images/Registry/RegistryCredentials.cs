using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Berth.Images.Registry;

/// <summary>How a client proves who it is: Docker's AuthConfig.</summary>
public sealed record RegistryCredentials
{
    private const int MaxHeader = 64 << 10;

    /// <summary>User name; empty when none was given.</summary>
    public string Username { get; init; } = "";

    /// <summary>Password or access token of that user.</summary>
    public string Password { get; init; } = "";

    /// <summary>A refresh token, in place of a password.</summary>
    public string IdentityToken { get; init; } = "";

    /// <summary>A bearer token to send as it is.</summary>
    public string RegistryToken { get; init; } = "";

    /// <summary>The registry they are for, as the client named it.</summary>
    public string ServerAddress { get; init; } = "";

    /// <summary>Nobody in particular.</summary>
    public static RegistryCredentials Anonymous { get; } = new();

    /// <summary>Whether nothing in here proves anything.</summary>
    public bool IsAnonymous => Username.Length == 0 && Password.Length == 0 && IdentityToken.Length == 0 && RegistryToken.Length == 0;

    /// <summary>Reads an X-Registry-Auth header: base64url of JSON. [DOCKER-API] "Authentication".</summary>
    /// <exception cref="ImageException">It is malformed.</exception>
    public static RegistryCredentials ParseHeader(string? header)
    {
        if (string.IsNullOrEmpty(header))
        {
            return Anonymous;
        }
        try
        {
            string text = header.Length <= MaxHeader ? header.Replace('+', '-').Replace('/', '_').TrimEnd('=') : throw new FormatException();
            return ParseJson(Base64Url.DecodeFromChars(text));
        }
        catch (FormatException)
        {
            throw new ImageException(ImageErrorCode.InvalidParameter, "the X-Registry-Auth header is not base64url of a JSON object");
        }
    }

    /// <summary>Reads an X-Registry-Config header, the credentials for several registries, by domain. [DOCKER-API] "Build an image".</summary>
    /// <exception cref="ImageException">It is malformed.</exception>
    public static IReadOnlyDictionary<string, RegistryCredentials> ParseConfigHeader(string? header)
    {
        var all = new Dictionary<string, RegistryCredentials>(StringComparer.Ordinal);
        if (string.IsNullOrEmpty(header))
        {
            return all;
        }
        try
        {
            string text = header.Length <= MaxHeader ? header.Replace('+', '-').Replace('/', '_').TrimEnd('=') : throw new FormatException();
            using JsonDocument document = RegistryJson.TryParse(Base64Url.DecodeFromChars(text)) ?? throw new FormatException();
            foreach (JsonProperty entry in document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.EnumerateObject() : throw new FormatException())
            {
                all[Domain(entry.Name)] = ParseJson(Encoding.UTF8.GetBytes(entry.Value.GetRawText()));
            }
            return all;
        }
        catch (FormatException)
        {
            throw new ImageException(ImageErrorCode.InvalidParameter, "the X-Registry-Config header is not base64url of a JSON object");
        }
    }

    // "https://index.docker.io/v1/" is what docker calls its hub.
    private static string Domain(string address)
    {
        int scheme = address.IndexOf("://", StringComparison.Ordinal);
        string host = (scheme < 0 ? address : address[(scheme + 3)..]).Split('/')[0];
        return host is "index.docker.io" ? "docker.io" : host;
    }

    /// <summary>Reads Docker's AuthConfig object.</summary>
    /// <exception cref="FormatException">It is not one.</exception>
    public static RegistryCredentials ParseJson(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            JsonElement root = document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement : throw new FormatException();
            string user = RegistryJson.Text(root, "username"), password = RegistryJson.Text(root, "password");
            if (user.Length == 0 && RegistryJson.Text(root, "auth") is { Length: > 0 } auth)
            {
                string both = Encoding.UTF8.GetString(Convert.FromBase64String(auth));
                int colon = both.IndexOf(':', StringComparison.Ordinal);
                (user, password) = colon < 0 ? throw new FormatException() : (both[..colon], both[(colon + 1)..]);
            }
            return new RegistryCredentials
            {
                Username = user,
                Password = password,
                IdentityToken = RegistryJson.Text(root, "identitytoken"),
                RegistryToken = RegistryJson.Text(root, "registrytoken"),
                ServerAddress = RegistryJson.Text(root, "serveraddress"),
            };
        }
        catch (JsonException e)
        {
            throw new FormatException("not a JSON object", e);
        }
    }

    /// <summary>Never the secrets themselves.</summary>
    public override string ToString() => IsAnonymous ? "anonymous" : $"credentials of {(Username.Length > 0 ? Username : "a token")}";
}
