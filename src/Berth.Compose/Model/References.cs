using Berth.Compose.Loading;
using Berth.Compose.Yaml;

namespace Berth.Compose.Model;

/// <summary>Checks that what services refer to is there, and that no service waits for itself.</summary>
internal static class References
{
    /// <summary>Complains about the first wrong reference.</summary>
    public static void Check(Project project, MappingNode nodes, IEnumerable<string> networks, IEnumerable<string> allServices)
    {
        foreach (var service in project.Services.Values)
        {
            var node = nodes[service.Name] as MappingNode ?? nodes;
            Mark At(string key) => node.MarkOf(key);
            foreach (var dependency in service.DependsOn)
            {
                if (!project.Services.ContainsKey(dependency.Service))
                {
                    throw allServices.Contains(dependency.Service)
                        ? new ComposeException(nodes.MarkOf(service.Name), $"service \"{service.Name}\" needs \"{dependency.Service}\", whose profiles are not active; add --profile, or required: false")
                        : new ComposeException(nodes.MarkOf(service.Name), $"service \"{service.Name}\" depends on \"{dependency.Service}\", which is not there{Spelling.Hint(dependency.Service, allServices)}");
                }
            }
            foreach (var endpoint in service.Network.Endpoints)
            {
                Known(endpoint.Network, networks.Append("default"), At("networks"), service, "network");
            }
            foreach (var mount in service.Storage.Mounts.Where(mount => mount is { Type: "volume", Source: not null }))
            {
                Known(mount.Source!, project.Volumes.Keys, At("volumes"), service, "volume");
            }
            foreach (var secret in service.Storage.Secrets)
            {
                Known(secret.Source, project.Secrets.Keys, At("secrets"), service, "secret");
            }
            foreach (var config in service.Storage.Configs)
            {
                Known(config.Source, project.Configs.Keys, At("configs"), service, "config");
            }
            if (service.ContainerName is not null && service.Replicas > 1)
            {
                throw new ComposeException(At("container_name"), $"service \"{service.Name}\" has a container_name and cannot have more than one container");
            }
            if (service.Network is { Mode: not null, Ports.Count: > 0 } && service.Network.Mode.Contains(':', StringComparison.Ordinal))
            {
                throw new ComposeException(At("ports"), $"service \"{service.Name}\" shares the network of another: its ports are published there");
            }
        }
        _ = DependencyOrder.Of(project.Services);
    }

    private static void Known(string name, IEnumerable<string> known, Mark mark, Service service, string what)
    {
        if (!known.Contains(name))
        {
            throw new ComposeException(mark, $"service \"{service.Name}\" refers to the {what} \"{name}\", which is not defined{Spelling.Hint(name, known)}");
        }
    }
}
