using Berth.Cli.CommandLine;

namespace Berth.Cli.Output;

/// <summary>Turns <c>--filter name=value</c> flags into the API's filters parameter.</summary>
internal static class Filters
{
    /// <summary>JSON for the query, or null when there are no filters.</summary>
    public static string? ToJson(IEnumerable<string> filters)
    {
        var groups = filters.Select(Split).GroupBy(pair => pair.Name, StringComparer.Ordinal).ToList();
        if (groups.Count == 0)
        {
            return null;
        }
        return System.Text.Encoding.UTF8.GetString(JsonWriting.Object(json =>
        {
            foreach (var group in groups)
            {
                json.WriteStartObject(group.Key);
                foreach (var value in group.Select(pair => pair.Value).Distinct())
                {
                    json.WriteBoolean(value, true);
                }
                json.WriteEndObject();
            }
        }));
    }

    private static (string Name, string Value) Split(string filter)
    {
        var at = filter.IndexOf('=', StringComparison.Ordinal);
        return at > 0
            ? (filter[..at].Trim().ToLowerInvariant(), filter[(at + 1)..].Trim())
            : throw new UsageException($"invalid filter \"{filter}\": write it as name=value");
    }
}
