namespace Berth.Compose.Model;

/// <summary>Links become names in the networks that two services share: <c>db:database</c> gives <c>db</c> the alias <c>database</c>.</summary>
internal static class Links
{
    /// <summary>The services with the aliases that links ask for, and links as dependencies.</summary>
    public static Dictionary<string, Service> Apply(Dictionary<string, Service> services)
    {
        var result = new Dictionary<string, Service>(services);
        foreach (var service in services.Values)
        {
            foreach (var link in service.Network.Links)
            {
                var parts = link.Split(':', 2);
                if (parts.Length == 2 && parts[1] != parts[0] && result.TryGetValue(parts[0], out var target))
                {
                    var shared = service.Network.Endpoints.Select(endpoint => endpoint.Network).ToHashSet();
                    result[parts[0]] = target with
                    {
                        Network = target.Network with
                        {
                            Endpoints = [.. target.Network.Endpoints.Select(endpoint => shared.Contains(endpoint.Network) ? endpoint with { Aliases = [.. endpoint.Aliases, parts[1]] } : endpoint)],
                        },
                        Hash = ProjectReader.Digest($"{target.Hash} {link}"),
                    };
                }
            }
        }
        return result;
    }
}
