using System.Text;

namespace Berth.Compose.Loading;

/// <summary>Reads files that others wrote, up to a size.</summary>
internal static class BoundedFile
{
    /// <summary>The text of a file.</summary>
    /// <exception cref="ComposeException">It is missing, not readable, or larger than <paramref name="limit"/> bytes.</exception>
    public static string ReadText(string path, int limit)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[Math.Min(limit + 1L, Math.Max(4096, file.CanSeek ? file.Length + 1 : limit + 1L))];
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return length <= limit ? Encoding.UTF8.GetString(bytes, 0, length) : throw new ComposeException($"{path}: larger than {limit} bytes");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ComposeException($"there is no file {path}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ComposeException($"{path} cannot be read: {e.Message}");
        }
    }
}
