using System.Security.Cryptography;
using System.Text;
using Berth.Compose.Loading;
using Berth.Compose.Yaml;

namespace Berth.Compose.Model;

/// <summary>Reads a merged tree into a project: names, types, references and circles are checked before anything is done.</summary>
internal sealed class ProjectReader(string name, string directory, IReadOnlyList<string> files, Variables variables)
{
    private const int MaximumServices = 1000;

    /// <summary>The project with the services of <paramref name="profiles"/> and of what <paramref name="targets"/> names.</summary>
    public Project Read(MappingNode tree, IReadOnlyList<string> profiles, IReadOnlyList<string> targets)
    {
        Fields fields = new(tree, "the file");
        fields.Ignore("name", "version", "include");
        Fields top = new(tree, "");
        var networks = top.Named("networks", ReadNetwork).ToDictionary();
        var volumes = top.Named("volumes", ReadVolume);
        var secrets = top.Named("secrets", ReadFile);
        var configs = top.Named("configs", ReadFile);
        var nodes = tree["services"] as MappingNode ?? MappingNode.Empty(tree.Mark);
        fields.Ignore("services", "networks", "volumes", "secrets", "configs", "models");
        fields.End();
        if (nodes.Count > MaximumServices)
        {
            throw new ComposeException(nodes.Mark, $"more than {MaximumServices} services");
        }
        ServiceReader reader = new(name, secrets, configs);
        var all = top.Named("services", (key, service) => reader.Read(CheckedName(key, nodes), service, nodes[key] as MappingNode ?? MappingNode.Empty(nodes.Mark)));
        var services = Select(all, profiles, targets);
        services = Links.Apply(services);
        if (services.Values.Any(service => service.Network.Endpoints.Any(endpoint => endpoint.Network == "default")))
        {
            networks.TryAdd("default", new Network("default", $"{name}_default") { Hash = Digest("default") });
        }
        Project project = new()
        {
            Name = name,
            Directory = directory,
            Files = files,
            Services = services,
            Inactive = [.. all.Keys.Except(services.Keys)],
            Networks = networks.Where(network => services.Values.Any(service => service.Network.Endpoints.Any(endpoint => endpoint.Network == network.Key))).ToDictionary(),
            Volumes = volumes,
            Secrets = secrets,
            Configs = configs,
            Tree = tree.With("name", new ScalarNode(tree.Mark, name)),
        };
        References.Check(project, nodes, networks.Keys, all.Keys);
        return project;
    }

    /// <summary>Digest of a value.</summary>
    public static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string CheckedName(string key, MappingNode nodes) =>
        key.Length is > 0 and <= 128 && char.IsAsciiLetterOrDigit(key[0]) && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
            ? key
            : throw new ComposeException(nodes.MarkOf(key), $"invalid service name \"{key}\": letters, digits, ., _ and -");

    private static Dictionary<string, Service> Select(IReadOnlyDictionary<string, Service> all, IReadOnlyList<string> profiles, IReadOnlyList<string> targets)
    {
        HashSet<string> active = [.. profiles, .. targets.Where(all.ContainsKey).SelectMany(target => all[target].Profiles)];
        return all.Where(pair => pair.Value.Profiles.Count == 0 || active.Contains("*") || pair.Value.Profiles.Any(active.Contains))
            .ToDictionary(pair => pair.Key, pair => pair.Value with
            {
                DependsOn = [.. pair.Value.DependsOn.Where(dependency => dependency.Required || !all.TryGetValue(dependency.Service, out var other) || other.Profiles.Count == 0 || active.Contains("*") || other.Profiles.Any(active.Contains))],
            });
    }

    private Network ReadNetwork(string key, Fields fields)
    {
        var external = fields.Flag("external") ?? false;
        Network network = new(key, fields.Text("name") ?? (external ? key : $"{name}_{key}"))
        {
            External = external,
            Driver = fields.Text("driver"),
            DriverOptions = fields.TextPairs("driver_opts"),
            Internal = fields.Flag("internal") ?? false,
            Attachable = fields.Flag("attachable") ?? false,
            EnableIpv4 = fields.Flag("enable_ipv4"),
            EnableIpv6 = fields.Flag("enable_ipv6") ?? false,
            Labels = fields.TextPairs("labels"),
            Hash = "",
        };
        if (fields.Map("ipam", Ipam) is var (driver, options, subnets))
        {
            network = network with { IpamDriver = driver, IpamOptions = options, Subnets = subnets };
        }
        return network with { Hash = fields.Digest() };
    }

    private static Tuple<string?, IReadOnlyDictionary<string, string>, IReadOnlyList<Subnet>> Ipam(Fields ipam) => new(
        ipam.Text("driver"),
        ipam.TextPairs("options"),
        ipam.List("config", pool => new Subnet(pool.Text("subnet"), pool.Text("gateway"), pool.Text("ip_range"), pool.TextPairs("aux_addresses"))));

    private Volume ReadVolume(string key, Fields fields)
    {
        var external = fields.Flag("external") ?? false;
        return new Volume(key, fields.Text("name") ?? (external ? key : $"{name}_{key}"))
        {
            External = external,
            Driver = fields.Text("driver"),
            DriverOptions = fields.TextPairs("driver_opts"),
            Labels = fields.TextPairs("labels"),
            Hash = fields.Digest(),
        };
    }

    private FileResource ReadFile(string key, Fields fields)
    {
        fields.Ignore("name", "labels", "driver", "driver_opts", "template_driver");
        if (fields.Flag("external") == true)
        {
            throw new ComposeException(fields.MarkOf("external"), $"{fields.What} is external: only a swarm keeps secrets and configs; use file, environment or content");
        }
        var (file, variable, content) = (fields.Text("file"), fields.Text("environment"), fields.Text("content"));
        return new[] { file, variable, content }.Count(text => text is not null) == 1
            ? new FileResource(file, variable is null ? content : variables[variable] ?? throw new ComposeException(fields.MarkOf("environment"), $"{fields.What}: the variable {variable} is not set"))
            : throw new ComposeException(fields.Mark, $"{fields.What} needs one of file, environment and content");
    }
}
