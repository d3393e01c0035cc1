using System.Net;
using System.Net.Http.Headers;
using Berth.Images.Spec;

namespace Berth.Images.Registry;

/// <summary>One repository of one registry: manifests and blobs, read and written. [OCI-DIST].</summary>
internal sealed class RegistryRepository(RegistrySession session, string path)
{
    private static readonly string[] ManifestTypes = [MediaTypes.OciIndex, MediaTypes.OciManifest, MediaTypes.DockerIndex, MediaTypes.DockerManifest];

    private const int MaxTagPages = 50;

    public RegistrySession Session => session;

    /// <summary>The repository as messages name it.</summary>
    public string Name => $"{session.Endpoint.Domain}/{path}";

    /// <summary>Digest that the registry announces for a tag, without the manifest itself; null when it does not say.</summary>
    public async Task<Digest?> FindAsync(string reference, CancellationToken cancellation)
    {
        using HttpResponseMessage response = await session.SendAsync(() => ManifestRequest(HttpMethod.Head, reference), Pull, cancellation);
        return response.StatusCode == HttpStatusCode.OK && response.Headers.TryGetValues("Docker-Content-Digest", out IEnumerable<string>? values)
            && Digest.TryParse(values.FirstOrDefault(), out Digest digest) ? digest : null;
    }

    /// <summary>Tags of the repository, page by page.</summary>
    /// <exception cref="ImageException">There is no such repository, or its list does not end.</exception>
    public async Task<IReadOnlyList<string>> TagsAsync(CancellationToken cancellation)
    {
        var tags = new List<string>();
        var next = new Uri(session.Endpoint.Address, $"/v2/{path}/tags/list?n=1000");
        for (int pages = 0; pages < MaxTagPages; pages++)
        {
            Uri page = next;
            using HttpResponseMessage response = await session.SendAsync(() => RegistrySession.Request(HttpMethod.Get, page), Pull, cancellation);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw await RegistryErrors.FromAsync(response, session.Endpoint, $"tags of {Name}", cancellation);
            }
            byte[] json = await ReadAsync(response, ImageJson.MaxManifestBytes, $"tags of {Name}", cancellation);
            tags.AddRange(ManifestJson.Tags(json, $"tags of {Name}"));
            if (PageLink.Next(response, page, session.Endpoint) is not { } link)
            {
                return tags;
            }
            next = link;
        }
        throw ImageException.BadArchive($"{session.Endpoint.Address.Authority} lists tags of {Name} without end");
    }

    /// <summary>A manifest or index by tag or digest. With <paramref name="expected"/>, no other content is taken.</summary>
    /// <exception cref="ImageException">It is not there, too large, or other content than announced.</exception>
    public async Task<(byte[] Json, string MediaType, Digest Digest)> GetManifestAsync(string reference, Descriptor? expected, CancellationToken cancellation)
    {
        string what = $"manifest {reference} of {Name}";
        using HttpResponseMessage response = await session.SendAsync(() => ManifestRequest(HttpMethod.Get, reference), Pull, cancellation);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw await RegistryErrors.FromAsync(response, session.Endpoint, what, cancellation);
        }
        byte[] json = await ReadAsync(response, ImageJson.MaxManifestBytes, what, cancellation);
        Digest digest = Digest.Of(json);
        if ((expected is not null && (expected.Digest != digest || (expected.Size >= 0 && expected.Size != json.Length)))
            || (response.Headers.TryGetValues("Docker-Content-Digest", out IEnumerable<string>? announced) && Digest.TryParse(announced.FirstOrDefault(), out Digest other) && other != digest))
        {
            throw ImageException.BadArchive($"{what} from {session.Endpoint.Address.Authority} is not the content that was announced: it has digest {digest}");
        }
        return (json, ManifestJson.MediaTypeOf(json, response.Content.Headers.ContentType?.MediaType, what), digest);
    }

    /// <summary>A small blob, checked against its descriptor.</summary>
    /// <exception cref="ImageException">It is not there or not what the descriptor says.</exception>
    public async Task<byte[]> GetSmallBlobAsync(Descriptor blob, int maxBytes, CancellationToken cancellation)
    {
        string what = $"blob {blob.Digest} of {Name}";
        using HttpResponseMessage response = await session.SendAsync(() => session.Request(HttpMethod.Get, BlobPath(blob.Digest)), Pull, cancellation);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw await RegistryErrors.FromAsync(response, session.Endpoint, what, cancellation);
        }
        byte[] bytes = await ReadAsync(response, maxBytes, what, cancellation);
        return bytes.Length == blob.Size && Digest.Of(bytes) == blob.Digest
            ? bytes
            : throw ImageException.BadArchive($"{what} from {session.Endpoint.Address.Authority} is not the content that was announced");
    }

    /// <summary>Begins to read a blob at <paramref name="offset"/>; the answer says by its status whether the registry begins there.</summary>
    public Task<HttpResponseMessage> OpenBlobAsync(Digest digest, long offset, CancellationToken cancellation) => session.SendAsync(
        () =>
        {
            HttpRequestMessage request = session.Request(HttpMethod.Get, BlobPath(digest));
            if (offset > 0)
            {
                request.Headers.Range = new RangeHeaderValue(offset, null);
            }
            return request;
        },
        Pull, cancellation);

    /// <summary>Whether the repository has a blob.</summary>
    public async Task<bool> HasBlobAsync(Digest digest, CancellationToken cancellation)
    {
        using HttpResponseMessage response = await session.SendAsync(() => session.Request(HttpMethod.Head, BlobPath(digest)), PullAndPush, cancellation);
        return response.StatusCode switch
        {
            HttpStatusCode.OK => true,
            HttpStatusCode.NotFound => false,
            _ => throw await RegistryErrors.FromAsync(response, session.Endpoint, $"blob {digest} of {Name}", cancellation),
        };
    }

    /// <summary>
    /// Begins an upload; with <paramref name="from"/> the registry may take the blob from that repository of its own instead.
    /// [OCI-DIST] "Mounting a blob from another repository".
    /// </summary>
    /// <returns>Where to upload to, or null when the blob is there now.</returns>
    public async Task<Uri?> StartUploadAsync(Digest digest, string? from, CancellationToken cancellation)
    {
        string query = from is null ? "" : $"?mount={Uri.EscapeDataString(digest.ToString())}&from={Uri.EscapeDataString(from)}";
        string scope = from is null ? PullAndPush : $"{PullAndPush} repository:{from}:pull";
        using HttpResponseMessage response = await session.SendAsync(
            () =>
            {
                HttpRequestMessage request = session.Request(HttpMethod.Post, $"/v2/{path}/blobs/uploads/{query}");
                request.Content = new ByteArrayContent([]);
                return request;
            },
            scope, cancellation);
        return response.StatusCode switch
        {
            HttpStatusCode.Created when from is not null => null,
            HttpStatusCode.Accepted => Location(response),
            _ => throw await RegistryErrors.FromAsync(response, session.Endpoint, $"pushing to {Name}", cancellation),
        };
    }

    /// <summary>Sends a piece of an upload, not repeated by itself: the caller asks how far it came.</summary>
    public async Task<HttpResponseMessage> SendUploadAsync(HttpMethod method, Uri address, Func<HttpContent> content, CancellationToken cancellation) =>
        await session.SendAsync(
            () =>
            {
                HttpRequestMessage request = RegistrySession.Request(method, address);
                request.Content = content();
                return request;
            },
            PullAndPush, cancellation);

    /// <summary>How many bytes of an upload the registry has, and where it goes on; null when it does not know the upload any more.</summary>
    public async Task<(long Have, Uri Next)?> UploadStatusAsync(Uri address, CancellationToken cancellation)
    {
        using HttpResponseMessage response = await session.SendAsync(() => RegistrySession.Request(HttpMethod.Get, address), PullAndPush, cancellation);
        return response.StatusCode == HttpStatusCode.NoContent && UploadRange(response) is { } have
            ? (have, response.Headers.Location is null ? address : Location(response))
            : null;
    }

    /// <summary>Stores a manifest under a tag or digest.</summary>
    public async Task PutManifestAsync(string reference, byte[] json, string mediaType, CancellationToken cancellation)
    {
        using HttpResponseMessage response = await session.SendAsync(
            () =>
            {
                HttpRequestMessage request = session.Request(HttpMethod.Put, $"/v2/{path}/manifests/{reference}");
                request.Content = new ByteArrayContent(json);
                request.Content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
                return request;
            },
            PullAndPush, cancellation);
        if (response.StatusCode != HttpStatusCode.Created)
        {
            throw await RegistryErrors.FromAsync(response, session.Endpoint, $"pushing {reference} to {Name}", cancellation);
        }
    }

    /// <summary>The address an answer gives, on this registry's own host and scheme: uploads go nowhere else.</summary>
    public Uri Location(HttpResponseMessage response)
    {
        Uri? location = response.Headers.Location;
        Uri? target = location is null ? null : location.IsAbsoluteUri ? location : new Uri(session.Endpoint.Address, location);
        // Behind a proxy that ends TLS, registries call themselves http: the host is what counts, the scheme stays this endpoint's.
        if (target is not null && string.Equals(target.Host, session.Endpoint.Address.Host, StringComparison.OrdinalIgnoreCase) && target.UserInfo.Length == 0)
        {
            return new Uri(session.Endpoint.Address, target.PathAndQuery);
        }
        throw new ImageException(ImageErrorCode.InvalidArchive, $"{session.Endpoint.Address.Authority} wants an upload to go to another place than itself: refused");
    }

    /// <summary>Bytes received so far by a "Range: 0-N" header; null when there is none that can be read. An empty upload says 0-0 too.</summary>
    public static long? UploadRange(HttpResponseMessage response)
    {
        string? text = response.Headers.NonValidated.TryGetValues("Range", out HeaderStringValues values) ? values.ToString() : null;
        if (text?.StartsWith("bytes=", StringComparison.Ordinal) == true)
        {
            text = text["bytes=".Length..];
        }
        return text is not null && text.StartsWith("0-", StringComparison.Ordinal)
            && long.TryParse(text.AsSpan(2), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out long last) && last < long.MaxValue
            ? last == 0 ? 0 : last + 1
            : null;
    }

    private string Pull => $"repository:{path}:pull";

    private string PullAndPush => $"repository:{path}:pull,push";

    private string BlobPath(Digest digest) => $"/v2/{path}/blobs/{digest}";

    private HttpRequestMessage ManifestRequest(HttpMethod method, string reference)
    {
        HttpRequestMessage request = session.Request(method, $"/v2/{path}/manifests/{reference}");
        foreach (string type in ManifestTypes)
        {
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
        }
        return request;
    }

    private async Task<byte[]> ReadAsync(HttpResponseMessage response, int maxBytes, string what, CancellationToken cancellation)
    {
        using var guard = new StallGuard(session.Config.StallTimeout, cancellation);
        try
        {
            return await RegistryBody.TryReadAsync(response, maxBytes, guard.Token)
                ?? throw ImageException.BadArchive($"{what} is larger than {maxBytes} bytes");
        }
        catch (Exception e) when (RegistrySession.IsConnectionFailure(e) || (e is OperationCanceledException && guard.Stalled))
        {
            throw new ImageException(ImageErrorCode.Unavailable, $"{session.Endpoint.Address.Authority} broke off while it sent {what}", e);
        }
    }
}
