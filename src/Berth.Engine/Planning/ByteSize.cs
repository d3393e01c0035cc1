using System.Globalization;

namespace Berth.Engine.Planning;

/// <summary>Sizes such as <c>10m</c>: binary multiples, as Docker's log options read them.</summary>
internal static class ByteSize
{
    public static long Parse(string text, string field)
    {
        string trimmed = text.Trim().ToLowerInvariant().TrimEnd('b').TrimEnd('i');
        int shift = trimmed.Length == 0 ? 0 : trimmed[^1] switch { 'k' => 10, 'm' => 20, 'g' => 30, 't' => 40, _ => 0 };
        string digits = shift > 0 ? trimmed[..^1] : trimmed;
        if (decimal.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number) && number < 1_000_000_000_000_000 && number * (1L << shift) is <= long.MaxValue and var bytes)
            return (long)bytes;
        return text == "-1" ? 0 : throw EngineException.Invalid($"{field}: invalid size: '{text}': use a number with k, m or g");
    }
}
