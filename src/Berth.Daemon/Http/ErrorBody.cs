using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Berth.Daemon.Http;

/// <summary>The body of every refusal: <c>{"message":"…"}</c>, with the bare content type that clients compare exactly.</summary>
internal sealed record ErrorBody(string Message)
{
    /// <summary>Writes the refusal. 304 has no body by definition.</summary>
    public static async Task WriteAsync(HttpResponse response, int status, string message)
    {
        response.StatusCode = status;
        if (status is 304 or 204)
        {
            return;
        }
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(new ErrorBody(message), ApiJson.Wire.ErrorBody);
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(response.HttpContext.Request.Method))
        {
            await response.Body.WriteAsync(body);
        }
    }
}
