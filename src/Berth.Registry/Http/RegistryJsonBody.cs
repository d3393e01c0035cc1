using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Berth.Registry.Http;

/// <summary>Answers with JSON.</summary>
internal static class RegistryJsonBody
{
    /// <summary>Writes one object.</summary>
    public static async Task WriteAsync(HttpContext context, int status, Action<Utf8JsonWriter> write, string contentType = "application/json")
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.ContentLength = stream.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(stream.GetBuffer().AsMemory(0, (int)stream.Length), context.RequestAborted);
        }
    }

    /// <summary>Writes an error. [OCI-DIST] "Error Codes".</summary>
    public static Task WriteErrorAsync(HttpContext context, RegistryException error) => WriteAsync(context, error.Status, json =>
    {
        json.WriteStartArray("errors");
        json.WriteStartObject();
        json.WriteString("code", error.Code);
        json.WriteString("message", error.Message);
        json.WriteEndObject();
        json.WriteEndArray();
    });
}
