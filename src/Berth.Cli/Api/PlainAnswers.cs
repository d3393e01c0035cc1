using System.Text;
using Berth.Cli.Http;

namespace Berth.Cli.Api;

/// <summary>
/// Reads the answers that every good run gets in the form the daemon writes them. System.Text.Json takes longer to load and compile
/// than the rest of the call, so it only reads what is out of the ordinary: null says so.
/// </summary>
internal static class PlainAnswers
{
    /// <summary>The id of a container made without warnings.</summary>
    public static string? CreatedId(ReadOnlyMemory<byte> body)
    {
        var id = Between(body, "{\"Id\":\"", "\",\"Warnings\":[]}");
        foreach (var c in id ?? "")
        {
            if (!char.IsAsciiHexDigitLower(c))
            {
                return null;
            }
        }
        return id;
    }

    /// <summary>The exit code of a workload that ended without an error of the engine's.</summary>
    public static int? StatusCode(ReadOnlyMemory<byte> body) =>
        Between(body, "{\"StatusCode\":", "}") is { } text && Digits.TryParse(text, out var code) && code <= int.MaxValue ? (int)code : null;

    private static string? Between(ReadOnlyMemory<byte> body, string before, string after)
    {
        var text = Encoding.UTF8.GetString(body.Span).TrimEnd();
        return text.Length > before.Length + after.Length && text.StartsWith(before, StringComparison.Ordinal) && text.EndsWith(after, StringComparison.Ordinal)
            ? text[before.Length..^after.Length]
            : null;
    }
}
