using Berth.Images.Registry;

namespace Berth.Engine.Host;

/// <summary>Registries.</summary>
public sealed record RegistryConfigView
{
    /// <summary>Networks of insecure registries.</summary>
    public IReadOnlyList<string> InsecureRegistryCIDRs { get; init; } = [];

    /// <summary>By name.</summary>
    public IReadOnlyDictionary<string, RegistryIndexView> IndexConfigs { get; init; } = new Dictionary<string, RegistryIndexView>();

    /// <summary>Mirrors of docker.io.</summary>
    public IReadOnlyList<string>? Mirrors { get; init; }

    internal static RegistryConfigView Of(RegistryConfig config)
    {
        static string[] MirrorsOf(RegistryConfig config, string domain) => [.. config.Mirrors.Where(mirror => mirror.Domain == domain).Select(static mirror => mirror.Address.ToString())];
        string[] hub = MirrorsOf(config, "docker.io");
        var indexes = new Dictionary<string, RegistryIndexView> { ["docker.io"] = new() { Name = "docker.io", Official = true, Mirrors = hub } };
        foreach (string name in config.Insecure.Where(static name => !name.Contains('/', StringComparison.Ordinal)))
            indexes[name] = new() { Name = name, Secure = false, Mirrors = MirrorsOf(config, name) };
        return new RegistryConfigView
        {
            InsecureRegistryCIDRs = ["::1/128", "127.0.0.0/8", .. config.Insecure.Where(static name => name.Contains('/', StringComparison.Ordinal))],
            IndexConfigs = indexes,
            Mirrors = hub.Length > 0 ? hub : null,
        };
    }
}
