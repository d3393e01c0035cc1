using System.Text.Json;

namespace Berth.Oci;

/// <summary>Where callers look for the reason of a failure: stderr, and the file of <c>--log</c>, as text or as one JSON object a line.</summary>
internal sealed class Log(string? file, bool json)
{
    /// <summary>Says why a command failed.</summary>
    public void Error(string message) => Write("error", message);

    /// <summary>Says what could not be granted as asked.</summary>
    public void Warning(string message) => Write("warning", message);

    private void Write(string level, string message)
    {
        Console.Error.WriteLine($"berth-oci: {(level == "error" ? "" : level + ": ")}{message}");
        if (file is null) return;
        string time = DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ");
        string line = json
            ? $"{{\"level\":\"{level}\",\"msg\":\"{JsonEncodedText.Encode(message)}\",\"time\":\"{time}\"}}\n"
            : $"time=\"{time}\" level={level} msg=\"{JsonEncodedText.Encode(message)}\"\n";
        try
        {
            File.AppendAllText(file, line);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"berth-oci: --log {file}: {e.Message}");
        }
    }
}
