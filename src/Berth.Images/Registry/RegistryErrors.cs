using System.Net;
using System.Text.Json;

namespace Berth.Images.Registry;

/// <summary>Turns what a registry refused into an error that names the registry, the repository and what to do.</summary>
internal static class RegistryErrors
{
    private const int MaxBody = 64 << 10;

    /// <summary>The error for an answer that is not what was asked for.</summary>
    public static async Task<ImageException> FromAsync(HttpResponseMessage response, RegistryEndpoint endpoint, string what, CancellationToken cancellation)
    {
        string said = await ReadAsync(response, cancellation);
        string detail = said.Length > 0 ? $": {said}" : "";
        string registry = endpoint.Address.Authority;
        return response.StatusCode switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new ImageException(ImageErrorCode.Unauthorized,
                $"access to {what} denied by {registry}{detail}: it does not exist, or needs 'berth login {endpoint.Domain}' (or docker login) with an account that may"),
            HttpStatusCode.NotFound => new ImageException(ImageErrorCode.NotFound, $"{what} not found in {registry}{(detail.Length > 0 ? detail : ": manifest unknown")}"),
            HttpStatusCode.TooManyRequests => new ImageException(ImageErrorCode.System,
                $"{registry} limits how often it may be asked ({what}){detail}: wait, or log in with 'berth login {endpoint.Domain}' for a higher limit"),
            _ => new ImageException(ImageErrorCode.System, $"{registry} answered {(int)response.StatusCode} for {what}{detail}"),
        };
    }

    /// <summary>The error for a registry that could not be reached.</summary>
    public static ImageException Unreachable(RegistryEndpoint endpoint, Exception cause)
    {
        string why = cause is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } or System.Security.Authentication.AuthenticationException
            ? $"its certificate or TLS is not accepted ({Reason(cause)}): put its authority into /etc/berth/certs.d/{endpoint.Domain}/ca.crt, or name it with berthd --insecure-registry {endpoint.Domain}"
            : $"{Reason(cause)}; check the name, the network and the proxy settings";
        return new ImageException(ImageErrorCode.Unavailable, $"cannot reach the registry {endpoint.Address.Authority}: {why}", cause);
    }

    private static string Reason(Exception cause)
    {
        Exception inner = cause;
        while (inner.InnerException is { } deeper)
        {
            inner = deeper;
        }
        return ImageException.Printable(inner.Message);
    }

    // [OCI-DIST] "Error codes": {"errors":[{"code","message","detail"}]}
    private static async Task<string> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        byte[]? body;
        try
        {
            body = await RegistryBody.TryReadAsync(response, MaxBody, cancellation);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return "";
        }
        using JsonDocument? json = body is null ? null : RegistryJson.TryParse(body);
        if (json?.RootElement is not { ValueKind: JsonValueKind.Object } root || !root.TryGetProperty("errors", out JsonElement errors)
            || errors.ValueKind != JsonValueKind.Array)
        {
            return "";
        }
        IEnumerable<string> texts = errors.EnumerateArray().Take(3)
            .Select(error => $"{RegistryJson.Text(error, "code").ToLowerInvariant().Replace('_', ' ')}: {RegistryJson.Text(error, "message")}".Trim(':', ' '))
            .Where(text => text.Length > 0);
        return ImageException.Printable(string.Join("; ", texts));
    }
}
