using System.Globalization;
using Berth.Engine;
using Microsoft.AspNetCore.Http;

namespace Berth.Daemon.Http;

/// <summary>Reads query parameters the way Docker's daemon does; a value of the wrong form is a 400 that names the parameter.</summary>
internal readonly struct ApiQuery(IQueryCollection query)
{
    /// <summary>The first value, or null when absent or empty.</summary>
    public string? Text(string name) => query.TryGetValue(name, out var values) && values.Count > 0 && values[0]!.Length > 0 ? values[0] : null;

    /// <summary>All values of a parameter that may be repeated.</summary>
    public string[] Texts(string name)
        => query.TryGetValue(name, out var values) ? [.. values.Where(value => !string.IsNullOrEmpty(value))!] : [];

    /// <summary>The value, or a 400 that asks for it.</summary>
    public string Required(string name) => Text(name) ?? throw ApiException.BadRequest($"query parameter {name} is required");

    /// <summary>Docker's truth: absent, empty, 0, no, false and none are false, everything else is true.</summary>
    public bool Flag(string name, bool absent = false)
        => query.ContainsKey(name) && Text(name) is var value
            ? value?.Trim().ToLowerInvariant() is not (null or "" or "0" or "no" or "false" or "none")
            : absent;

    /// <summary>A whole number, or null when absent.</summary>
    public int? Number(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw ApiException.BadRequest($"query parameter {name}: \"{Shorten(text)}\" is not a whole number");
    }

    /// <summary>A whole number of bytes or the like, or null when absent.</summary>
    public long? Long(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value)
            ? value
            : throw ApiException.BadRequest($"query parameter {name}: \"{Shorten(text)}\" is not a whole number");
    }

    /// <summary>A point in time: Unix seconds, RFC 3339 or a duration back from now.</summary>
    public DateTimeOffset? Time(string name) => DockerTime.Parse(Text(name), name, TimeProvider.System.GetUtcNow());

    /// <summary>The <c>filters</c> parameter.</summary>
    public FilterSet Filters() => FilterSet.Parse(Text("filters"));

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
