using Berth.Images;
using Berth.Registry.Store;
using Microsoft.AspNetCore.Http;

namespace Berth.Registry.Http;

/// <summary>Manifests read, written and deleted. [OCI-DIST] "Pulling manifests", "Pushing Manifests", "Deleting Manifests".</summary>
internal sealed class ManifestEndpoints(RegistryStore store)
{
    public async Task GetAsync(HttpContext context, RequestTarget target)
    {
        Digest digest = Digest.TryParse(target.Item, out Digest given) ? given
            : RequestTarget.IsTag(target.Item) && store.Resolve(target.Repository, target.Item) is { } tagged ? tagged
            : throw RegistryException.ManifestUnknown();
        (FileStream content, string mediaType) = store.OpenManifest(target.Repository, digest) ?? throw RegistryException.ManifestUnknown();
        await using (content)
        {
            context.Response.ContentType = mediaType;
            context.Response.ContentLength = content.Length;
            context.Response.Headers["Docker-Content-Digest"] = digest.ToString();
            context.Response.Headers.ETag = $"\"{digest}\"";
            if (!HttpMethods.IsHead(context.Request.Method))
            {
                await content.CopyToAsync(context.Response.Body, context.RequestAborted);
            }
        }
    }

    public async Task PutAsync(HttpContext context, RequestTarget target)
    {
        Digest? expected = target.Item.Contains(':', StringComparison.Ordinal) ? target.Digest() : null;
        if (expected is null && !RequestTarget.IsTag(target.Item))
        {
            throw RegistryException.ManifestInvalid("a tag is up to 128 letters, digits, '_', '.' and '-', and begins with none of the last two");
        }
        byte[] json = await ReadAsync(context);
        string contentType = context.Request.ContentType?.Split(';')[0].Trim() is { Length: > 0 } type ? type : throw RegistryException.ManifestInvalid("Content-Type is needed");
        ManifestContent manifest = ManifestContent.Parse(json, contentType);
        if (expected is { } digest && digest != manifest.Digest)
        {
            throw RegistryException.DigestInvalid($"the content has digest {manifest.Digest}");
        }
        store.PutManifest(target.Repository, manifest, json, expected is null ? target.Item : null);
        context.Response.StatusCode = 201;
        context.Response.Headers.Location = $"/v2/{target.Repository}/manifests/{manifest.Digest}";
        context.Response.Headers["Docker-Content-Digest"] = manifest.Digest.ToString();
        if (manifest.Subject is { } subject)
        {
            context.Response.Headers["OCI-Subject"] = subject.ToString();
        }
    }

    public Task DeleteAsync(HttpContext context, RequestTarget target)
    {
        bool removed = target.Item.Contains(':', StringComparison.Ordinal)
            ? store.RemoveManifest(target.Repository, target.Digest())
            : RequestTarget.IsTag(target.Item) && store.RemoveTag(target.Repository, target.Item);
        context.Response.StatusCode = removed ? 202 : throw RegistryException.ManifestUnknown();
        return Task.CompletedTask;
    }

    private static async Task<byte[]> ReadAsync(HttpContext context)
    {
        using var whole = new MemoryStream();
        byte[] buffer = new byte[32 << 10];
        while (await context.Request.Body.ReadAsync(buffer, context.RequestAborted) is > 0 and int count)
        {
            if (whole.Length + count > ManifestContent.MaxBytes)
            {
                throw new RegistryException(413, "SIZE_INVALID", $"a manifest has at most {ManifestContent.MaxBytes} bytes");
            }
            whole.Write(buffer, 0, count);
        }
        return whole.ToArray();
    }
}
