namespace Berth.Images.Registry;

/// <summary>Reads answers that must fit into memory.</summary>
internal static class RegistryBody
{
    /// <summary>The whole body; null when it is longer than <paramref name="maxBytes"/>.</summary>
    public static async Task<byte[]?> TryReadAsync(HttpResponseMessage response, int maxBytes, CancellationToken cancellation)
    {
        if (response.Content.Headers.ContentLength > maxBytes)
        {
            return null;
        }
        await using Stream body = await response.Content.ReadAsStreamAsync(cancellation);
        using var whole = new MemoryStream();
        byte[] buffer = new byte[16 << 10];
        while (await body.ReadAsync(buffer, cancellation) is > 0 and int count)
        {
            if (whole.Length + count > maxBytes)
            {
                return null;
            }
            whole.Write(buffer, 0, count);
        }
        return whole.ToArray();
    }
}
