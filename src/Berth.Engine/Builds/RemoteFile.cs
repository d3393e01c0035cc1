using System.Net.Http.Headers;
using System.Security.Cryptography;
using Berth.Images;

namespace Berth.Engine.Builds;

/// <summary>ADD of an address: fetches it into a directory of the build. [DOCKERFILE] "ADD".</summary>
internal static class RemoteFile
{
    private const long MaxBytes = 16L << 30;
    private static readonly TimeSpan Stall = TimeSpan.FromMinutes(1);

    public static bool IsAddress(string source) =>
        source.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || source.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    /// <summary>Fetches a file; the result is its name in the directory.</summary>
    /// <exception cref="EngineException">It cannot be had, or is not the one that was expected.</exception>
    public static async Task<string> FetchAsync(string source, string directory, string? checksum, CancellationToken cancellationToken)
    {
        if (checksum is not null && !Digest.TryParse(checksum, out _))
            throw EngineException.Invalid($"--checksum={Build.Shown.Text(checksum)}: expected sha256: and 64 hexadecimal digits");
        if (!Uri.TryCreate(source, UriKind.Absolute, out Uri? address))
            throw EngineException.Invalid($"\"{Build.Shown.Text(source)}\" is no address");
        string name = Uri.UnescapeDataString(address.Segments[^1]);
        if (name is "/" or "." or ".." || name.EndsWith('/') || name.AsSpan().IndexOfAny("/\0") >= 0)
            name = "download";
        string path = Path.Combine(directory, name);
        try
        {
            using var client = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
            using HttpResponseMessage answer = await client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancellationToken).WaitAsync(Stall, cancellationToken);
            if (!answer.IsSuccessStatusCode)
                throw EngineException.Invalid($"{Build.Shown.Text(source)}: the server answers {(int)answer.StatusCode}");
            Digest digest = await SaveAsync(answer, path, cancellationToken);
            if (checksum is not null && digest.ToString() != checksum)
                throw EngineException.Invalid($"{Build.Shown.Text(source)}: the file has digest {digest}, but --checksum={checksum} was given");
            File.SetLastWriteTimeUtc(path, Modified(answer.Content.Headers));
            return name;
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException or (IOException and { HResult: not (int)Linux.Errno.ENOSPC }))
        {
            throw new EngineException(EngineErrorKind.Unavailable, $"{Build.Shown.Text(source)} cannot be fetched: {e.Message}", e);
        }
    }

    private static async Task<Digest> SaveAsync(HttpResponseMessage answer, string path, CancellationToken cancellationToken)
    {
        await using Stream body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        await using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite, // [DOCKERFILE] "ADD": 0600
        });
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[128 * 1024];
        while (await body.ReadAsync(buffer, cancellationToken).AsTask().WaitAsync(Stall, cancellationToken) is > 0 and int count)
        {
            if (file.Position + count > MaxBytes)
                throw EngineException.Invalid($"the file has more than {MaxBytes} bytes");
            hash.AppendData(buffer, 0, count);
            await file.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
        }
        return Digest.FromHash(hash.GetHashAndReset());
    }

    // Without a date from the server the same one each time.
    private static DateTime Modified(HttpContentHeaders headers) => headers.LastModified?.UtcDateTime ?? DateTime.UnixEpoch;
}
