namespace Berth.Build.Stages;

/// <summary>The variables of a build: what the caller gave, what the platform is, and which of them a stage sees. [DOCKERFILE] "ARG".</summary>
public sealed class BuildArguments
{
    /// <summary>Arguments that commands get without ARG, and that count neither for the cache nor in the history. [DOCKERFILE] "Predefined ARGs".</summary>
    private static readonly string[] Proxies =
        ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"];

    private readonly IReadOnlyDictionary<string, string> _given;
    private readonly Dictionary<string, string> _platform;
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    /// <summary>Arguments of one build.</summary>
    /// <param name="given">What the caller gave.</param>
    /// <param name="architecture">Go's name of this host's architecture.</param>
    /// <param name="target">Name of the stage that is built; empty for the last one.</param>
    public BuildArguments(IReadOnlyDictionary<string, string> given, string architecture, string target)
    {
        _given = given;
        _platform = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["TARGETPLATFORM"] = $"linux/{architecture}",
            ["TARGETOS"] = "linux",
            ["TARGETARCH"] = architecture,
            ["TARGETVARIANT"] = "",
            ["BUILDPLATFORM"] = $"linux/{architecture}",
            ["BUILDOS"] = "linux",
            ["BUILDARCH"] = architecture,
            ["BUILDVARIANT"] = "",
            ["TARGETSTAGE"] = target.Length > 0 ? target : "default",
        };
    }

    /// <summary>The caller's proxies, as NAME and value.</summary>
    public IEnumerable<KeyValuePair<string, string>> GivenProxies => _given.Where(static argument => Proxies.Contains(argument.Key));

    /// <summary>What the caller gave and no ARG asked for.</summary>
    public IEnumerable<string> Unused
    {
        get
        {
            lock (_used)
                return [.. _given.Keys.Where(name => !_used.Contains(name) && !Proxies.Contains(name) && name != "SOURCE_DATE_EPOCH").Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>The caller's value, or null; from then on it counts as used.</summary>
    public string? Take(string name)
    {
        lock (_used)
            _used.Add(name);
        return _given.GetValueOrDefault(name);
    }

    /// <summary>The caller's value, or null.</summary>
    public string? Peek(string name) => _given.GetValueOrDefault(name);

    /// <summary>The platform's variables.</summary>
    public string? Platform(string name) => _platform.GetValueOrDefault(name);
}
