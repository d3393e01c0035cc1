using System.Globalization;
using System.Text.Json;
using Berth.Images;
using Berth.Images.Spec;
using Berth.Registry.Store;
using Microsoft.AspNetCore.Http;

namespace Berth.Registry.Http;

/// <summary>Tags, repositories and referrers, page by page. [OCI-DIST] "Listing Tags", "Listing Referrers".</summary>
internal sealed class ListEndpoints(RegistryStore store)
{
    private const int MaxPage = 10_000;
    private const int MaxReferrers = 500;

    public Task TagsAsync(HttpContext context, RequestTarget target)
    {
        if (!store.HasRepository(target.Repository))
        {
            throw RegistryException.NameUnknown();
        }
        IReadOnlyList<string> page = Page(context, store.Tags(target.Repository));
        return RegistryJsonBody.WriteAsync(context, 200, json =>
        {
            json.WriteString("name", target.Repository);
            WriteList(json, "tags", page);
        });
    }

    public Task CatalogAsync(HttpContext context)
    {
        IReadOnlyList<string> page = Page(context, store.RepositoryNames());
        return RegistryJsonBody.WriteAsync(context, 200, json => WriteList(json, "repositories", page));
    }

    public Task ReferrersAsync(HttpContext context, RequestTarget target)
    {
        Digest subject = target.Digest();
        string filter = context.Request.Query["artifactType"].ToString(), last = context.Request.Query["last"].ToString();
        if (filter.Length > 0)
        {
            context.Response.Headers["OCI-Filters-Applied"] = "artifactType";
        }
        (string Digest, byte[] Descriptor)[] found = [.. store.Referrers(target.Repository, subject)
            .Where(entry => string.CompareOrdinal(entry.Digest, last) > 0 && (filter.Length == 0 || ArtifactType(entry.Descriptor) == filter))
            .Take(MaxReferrers + 1)];
        if (found.Length > MaxReferrers)
        {
            string type = filter.Length > 0 ? $"&artifactType={Uri.EscapeDataString(filter)}" : "";
            context.Response.Headers.Link = $"</v2/{target.Repository}/referrers/{subject}?last={Uri.EscapeDataString(found[MaxReferrers - 1].Digest)}{type}>; rel=\"next\"";
        }
        return RegistryJsonBody.WriteAsync(context, 200, json =>
        {
            json.WriteNumber("schemaVersion", 2);
            json.WriteString("mediaType", MediaTypes.OciIndex);
            json.WriteStartArray("manifests");
            foreach ((_, byte[] descriptor) in found.Take(MaxReferrers))
            {
                json.WriteRawValue(descriptor);
            }
            json.WriteEndArray();
        }, MediaTypes.OciIndex);
    }

    // Without n: everything, or as much as is sent at once.
    private static string[] Page(HttpContext context, IReadOnlyList<string> all)
    {
        string count = context.Request.Query["n"].ToString(), last = context.Request.Query["last"].ToString();
        int n = MaxPage;
        if (count.Length > 0 && (!int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out n) || n < 0))
        {
            throw new RegistryException(400, "UNSUPPORTED", "n must be a whole number");
        }
        n = Math.Min(n, MaxPage);
        string[] rest = [.. last.Length == 0 ? all : all.Where(name => string.CompareOrdinal(name, last) > 0)];
        if (n > 0 && rest.Length > n)
        {
            context.Response.Headers.Link = $"<{context.Request.Path}?n={n}&last={Uri.EscapeDataString(rest[n - 1])}>; rel=\"next\"";
        }
        return rest.Length > n ? rest[..n] : rest;
    }

    private static string? ArtifactType(byte[] descriptor)
    {
        using JsonDocument json = JsonDocument.Parse(descriptor);
        return json.RootElement.TryGetProperty("artifactType", out JsonElement type) ? type.GetString() : null;
    }

    private static void WriteList(Utf8JsonWriter json, string name, IReadOnlyList<string> list)
    {
        json.WriteStartArray(name);
        foreach (string item in list)
        {
            json.WriteStringValue(item);
        }
        json.WriteEndArray();
    }
}
