using System.Text.Json;
using Berth.Cli.Http;

namespace Berth.Cli.Api;

/// <summary>Reads JSON values that follow one another on a stream, with or without blanks between them.</summary>
internal static class JsonMessages
{
    private const int MaximumMessage = 16 * 1024 * 1024;

    /// <summary>The values, as they arrive; the caller disposes each.</summary>
    public static IEnumerable<JsonDocument> Read(Stream stream)
    {
        var bytes = new byte[16 * 1024];
        var length = 0;
        var ended = false;
        while (true)
        {
            var taken = 0;
            while (TryTake(bytes.AsMemory(taken, length - taken), ended, out var used, out var document))
            {
                taken += used;
                if (document is null)
                {
                    break;
                }
                yield return document;
            }
            bytes.AsSpan(taken, length - taken).CopyTo(bytes);
            length -= taken;
            if (ended)
            {
                yield break;
            }
            if (length == bytes.Length)
            {
                if (length >= MaximumMessage)
                {
                    throw new ProtocolException($"the daemon sent a message of more than {MaximumMessage} bytes");
                }
                Array.Resize(ref bytes, bytes.Length * 2);
            }
            var count = stream.Read(bytes.AsSpan(length));
            length += count;
            ended = count == 0;
        }
    }

    // True with a document: a value was taken. True without: only blanks are left. False: the value is not complete yet.
    private static bool TryTake(ReadOnlyMemory<byte> bytes, bool ended, out int used, out JsonDocument? document)
    {
        used = 0;
        document = null;
        var start = bytes.Span.IndexOfAnyExcept(" \r\n\t"u8);
        if (start < 0)
        {
            used = bytes.Length;
            return true;
        }
        try
        {
            var reader = new Utf8JsonReader(bytes.Span[start..], isFinalBlock: ended, default);
            if (!JsonDocument.TryParseValue(ref reader, out var parsed))
            {
                return false;
            }
            // The bytes are moved afterwards: keep a copy.
            used = start + (int)reader.BytesConsumed;
            document = JsonDocument.Parse(bytes[start..used].ToArray());
            parsed.Dispose();
            return true;
        }
        catch (JsonException e)
        {
            throw new ProtocolException(ended ? "the daemon stopped in the middle of a message" : $"the daemon sent something that is not JSON: {e.Message}");
        }
    }
}
