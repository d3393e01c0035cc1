using System.Net.Http.Headers;

namespace Berth.Images.Registry;

/// <summary>The Link header that leads to the next page of a list. [OCI-DIST] "Listing Tags".</summary>
internal static class PageLink
{
    /// <summary>The next page's address; null when there is none, or when it is not on the registry itself.</summary>
    public static Uri? Next(HttpResponseMessage response, Uri page, RegistryEndpoint endpoint)
    {
        string text = response.Headers.NonValidated.TryGetValues("Link", out HeaderStringValues values) ? values.ToString() : "";
        int open = text.IndexOf('<', StringComparison.Ordinal), close = text.IndexOf('>', StringComparison.Ordinal);
        return open >= 0 && close > open && text.AsSpan(close).Contains("next", StringComparison.Ordinal)
            && Uri.TryCreate(page, text[(open + 1)..close], out Uri? next) && endpoint.IsSameOrigin(next)
            ? next
            : null;
    }
}
