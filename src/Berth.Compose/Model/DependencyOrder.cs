namespace Berth.Compose.Model;

/// <summary>Puts services behind those they depend on.</summary>
public static class DependencyOrder
{
    /// <summary>The services in an order in which each comes after its dependencies.</summary>
    /// <exception cref="ComposeException">They depend on one another in a circle.</exception>
    public static IReadOnlyList<Service> Of(IReadOnlyDictionary<string, Service> services)
    {
        List<Service> order = [];
        HashSet<string> done = [];
        foreach (var service in services.Values)
        {
            Visit(service, []);
        }
        return order;

        // Services are bounded in number, so is the depth.
        void Visit(Service service, HashSet<string> chain)
        {
            if (done.Contains(service.Name))
            {
                return;
            }
            if (!chain.Add(service.Name))
            {
                throw new ComposeException($"services depend on one another in a circle: {string.Join(", ", chain)}, {service.Name}");
            }
            foreach (var dependency in service.DependsOn)
            {
                if (services.TryGetValue(dependency.Service, out var other))
                {
                    Visit(other, chain);
                }
            }
            chain.Remove(service.Name);
            done.Add(service.Name);
            order.Add(service);
        }
    }

    /// <summary><paramref name="names"/> and everything they depend on, directly or not.</summary>
    public static IReadOnlyList<string> WithDependencies(IReadOnlyDictionary<string, Service> services, IEnumerable<string> names)
    {
        HashSet<string> all = [];
        Queue<string> open = new(names);
        while (open.TryDequeue(out var name))
        {
            if (services.TryGetValue(name, out var service) && all.Add(name))
            {
                foreach (var dependency in service.DependsOn)
                {
                    open.Enqueue(dependency.Service);
                }
            }
        }
        return [.. all];
    }
}
