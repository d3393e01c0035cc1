using Berth.Engine.Planning;
using Berth.Engine.State;

namespace Berth.Engine.Networks;

/// <summary>Links: names by which one instance alone knows others, <c>name[:alias]</c>. They lead to the other's name in a network both are on.</summary>
internal static class LinkNames
{
    private const int MaxLinks = 64;

    /// <summary>Refuses links that cannot be names.</summary>
    public static void Check(IReadOnlyList<string>? links, string field)
    {
        if (links is { Count: > MaxLinks } || links?.Any(static link => link?.Split(':') is not { Length: 1 or 2 } parts || !parts.All(static part => HostsFile.IsWord(part.TrimStart('/')))) == true)
            throw EngineException.Invalid($"{field}: use at most {MaxLinks} links of the form name or name:alias");
    }

    /// <summary>The names in small letters and what they lead to; null when there are none.</summary>
    public static IReadOnlyDictionary<string, string>? Of(InstanceDefinition definition)
    {
        Dictionary<string, string>? all = null;
        foreach (string link in (definition.HostConfig.Links ?? []).Concat(definition.NetworkingConfig.EndpointsConfig?.Values.SelectMany(static wish => wish?.Links ?? []) ?? []))
        {
            string[] parts = link.TrimStart('/').ToLowerInvariant().Split(':');
            (all ??= [])[parts[^1]] = parts[0];
        }
        return all;
    }
}
