using System.Security.Cryptography;

namespace Berth.Engine.Planning;

/// <summary>Rules for names, and generated ones: a mood of the sea and a thing of the harbour.</summary>
internal static class InstanceNames
{
    private static readonly string[] Moods =
    [
        "amber", "becalmed", "bold", "breezy", "bright", "brisk", "briny", "calm", "clear", "coastal", "copper", "crisp", "daring", "deep", "distant", "dry", "eager",
        "early", "even", "fair", "fathomless", "fearless", "fleet", "foggy", "free", "gentle", "gilded", "glassy", "golden", "grand", "hardy", "hazy", "homeward",
        "keen", "leeward", "lively", "lofty", "lucky", "lunar", "mellow", "merry", "misty", "moored", "nimble", "northern", "open", "outbound", "patient", "placid",
        "polar", "proud", "quick", "quiet", "ready", "rolling", "rugged", "rusty", "salty", "seaworthy", "serene", "sheltered", "silver", "sleek", "slow", "snug",
        "southern", "spry", "starlit", "staunch", "steady", "stormy", "stout", "sunny", "swift", "tidal", "tidy", "trim", "trusty", "true", "vast", "wandering", "warm",
        "western", "windward", "wintry", "wise", "woven", "zesty",
    ];

    private static readonly string[] Things =
    [
        "anchor", "atoll", "ballast", "barge", "bay", "beacon", "bell", "bight", "binnacle", "boom", "bow", "brig", "buoy", "cabin", "canal", "capstan", "chart",
        "cleat", "clipper", "compass", "cove", "crane", "current", "cutter", "davit", "deck", "dinghy", "dock", "dory", "drift", "estuary", "fathom", "ferry", "fjord",
        "foghorn", "frigate", "galley", "gangway", "gull", "halyard", "harbour", "hatch", "hawser", "helm", "heron", "hull", "inlet", "island", "jetty", "jib", "kayak",
        "keel", "ketch", "lagoon", "landing", "lantern", "lighthouse", "lock", "lugger", "mainsail", "marina", "mast", "mooring", "oar", "osprey", "paddle", "pelican",
        "pennant", "pier", "pilot", "pontoon", "port", "quay", "raft", "reef", "rigging", "rudder", "sail", "schooner", "sextant", "shoal", "skiff", "slipway", "sloop",
        "spar", "starboard", "stern", "strait", "tern", "tide", "tiller", "trawler", "tugboat", "wharf", "winch", "yawl",
    ];

    public static string Generate(int attempt)
    {
        string name = $"{Moods[RandomNumberGenerator.GetInt32(Moods.Length)]}_{Things[RandomNumberGenerator.GetInt32(Things.Length)]}";
        return attempt == 0 ? name : $"{name}{RandomNumberGenerator.GetInt32(10 * attempt * attempt)}";
    }

    public static string NewId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>Docker's rule, but that a name may have one character.</summary>
    public static void Validate(string name)
    {
        string bare = name.TrimStart('/');
        bool sound = bare.Length is >= 1 and <= 255 && char.IsAsciiLetterOrDigit(bare[0]) && bare.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-');
        if (!sound)
            throw EngineException.Invalid($"Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
    }

    public static void ValidateHostName(string name, string field)
    {
        if (name.Length > 64 || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_'))
            throw EngineException.Invalid($"{field}: invalid hostname format: {name}: use letters, digits, '-' and '.', at most 64");
    }
}
