using Berth.Compose.Yaml;

namespace Berth.Compose.Model;

/// <summary>Reads one service in canonical form.</summary>
internal sealed class ServiceReader(string project, IReadOnlyDictionary<string, FileResource> secrets, IReadOnlyDictionary<string, FileResource> configs)
{
    // What may change without a container being out of date.
    private static readonly string[] s_notInHash = ["build", "depends_on", "profiles", "scale", "deploy", "pull_policy", "pull_refresh_after", "develop", "attach", "extends", "post_start", "pre_stop"];

    /// <summary>The service; <paramref name="node"/> is its mapping.</summary>
    public Service Read(string name, Fields fields, MappingNode node)
    {
        // Accepted for other implementations; nothing here corresponds to them.
        fields.Ignore("develop", "external_links", "extends", "models", "use_api_socket", "pull_refresh_after", "label_file", "env_file");
        Refuse(fields, "provider", "credential_spec", "post_start", "pre_stop", "isolation");
        var build = fields.Map("build", ReadBuild);
        var image = fields.Text("image");
        if (image is null && build is null)
        {
            throw new ComposeException(fields.Mark, $"{fields.What} has neither image nor build");
        }
        var deploy = fields.Map("deploy", ReadDeploy) ?? new Deployment(null, null, [], []);
        var healthcheck = fields.Map("healthcheck", ReadHealthcheck);
        var (restart, maximum) = Restart(fields, deploy.Restart);
        ResourceReader resources = new(fields);
        Service service = new()
        {
            Name = name,
            Image = image ?? $"{project}-{name}",
            Build = build,
            PullPolicy = PullPolicy(fields),
            Platform = fields.Text("platform"),
            Process = ReadProcess(fields) with { Restart = restart, MaximumRestarts = maximum },
            Labels = fields.TextPairs("labels"),
            Annotations = fields.TextPairs("annotations"),
            ContainerName = fields.Text("container_name"),
            Replicas = Replicas(fields, deploy.Replicas),
            Profiles = fields.Texts("profiles"),
            DependsOn = [],
            Network = NetworkReader.Read(fields),
            Storage = StorageReader.Read(fields),
            Host = resources.Read(deploy.Limits, deploy.Reservations),
            Healthcheck = healthcheck,
            Attach = fields.Flag("attach") ?? true,
            Hash = "",
        };
        return service with { DependsOn = ReadDependencies(fields, service), Hash = Hash(node, service, deploy) };
    }

    // Limits of deploy belong to the container, its replicas do not; content that the project carries belongs to it as well.
    private string Hash(MappingNode node, Service service, Deployment deploy)
    {
        var text = NodeJson.ToJson(node.Without(s_notInHash), sorted: true)!.ToJsonString();
        var granted = service.Storage.Secrets.Select(grant => secrets.GetValueOrDefault(grant.Source)).Concat(service.Storage.Configs.Select(grant => configs.GetValueOrDefault(grant.Source)));
        return ProjectReader.Digest($"{service.Image}\n{text}\n{string.Join(',', deploy.Limits.Concat(deploy.Reservations))}\n{deploy.Restart}\n{string.Join('\n', granted)}");
    }

    private static void Refuse(Fields fields, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (fields[key] is { } node)
            {
                throw new ComposeException(node.Mark, $"{fields.What}.{key} is not available");
            }
        }
    }

    private static string? PullPolicy(Fields fields) => fields.Text("pull_policy") switch
    {
        null => null,
        "if_not_present" => "missing",
        "always" or "missing" or "never" or "build" or "daily" or "weekly" => fields.Text("pull_policy"),
        var text when text.StartsWith("every_", StringComparison.Ordinal) => text,
        var text => throw fields.Wrong("pull_policy", text, "always, missing, never, build, daily, weekly or every_DURATION"),
    };

    private static int Replicas(Fields fields, long? deployed)
    {
        const int Maximum = 1000;
        var scale = fields.Number("scale");
        if (scale is { } one && deployed is { } other && one != other)
        {
            throw new ComposeException(fields.MarkOf("scale"), $"{fields.What}: scale and deploy.replicas differ");
        }
        var replicas = scale ?? deployed ?? 1;
        return replicas is >= 0 and <= Maximum ? (int)replicas : throw new ComposeException(fields.Mark, $"{fields.What} has {replicas} replicas; 0 to {Maximum} are possible");
    }

    private static ProcessSettings ReadProcess(Fields fields) => new()
    {
        Command = fields.TextsOrNull("command"),
        Entrypoint = fields.TextsOrNull("entrypoint"),
        Environment = fields.Pairs("environment"),
        User = fields.Text("user"),
        Groups = fields.Texts("group_add"),
        WorkingDirectory = fields.Text("working_dir"),
        Tty = fields.Flag("tty") ?? false,
        StdinOpen = fields.Flag("stdin_open") ?? false,
        Init = fields.Flag("init"),
        StopSignal = fields.Text("stop_signal"),
        StopGracePeriod = fields.Duration("stop_grace_period"),
        Runtime = fields.Text("runtime"),
    };

    private static (string Name, int Maximum) Restart(Fields fields, (string Name, int Maximum)? deployed)
    {
        if (fields.Text("restart") is not { } text)
        {
            return deployed ?? ("no", 0);
        }
        var parts = text.Split(':', 2);
        var count = 0;
        return parts[0] is "no" or "always" or "unless-stopped" or "on-failure" && (parts.Length == 1 || (parts[0] == "on-failure" && int.TryParse(parts[1], out count) && count >= 0))
            ? (parts[0], count)
            : throw fields.Wrong("restart", text, "no, always, unless-stopped, on-failure or on-failure:5");
    }

    private static List<Dependency> ReadDependencies(Fields fields, Service service)
    {
        Dictionary<string, Dependency> all = fields.Named("depends_on", (name, entry) => new Dependency(
            name,
            entry.OneOf("condition", "service_started", "service_healthy", "service_completed_successfully") switch
            {
                "service_healthy" => DependencyCondition.Healthy,
                "service_completed_successfully" => DependencyCondition.Completed,
                _ => DependencyCondition.Started,
            },
            entry.Flag("required") ?? true,
            entry.Flag("restart") ?? false)).ToDictionary();
        foreach (var name in Implied(service))
        {
            all.TryAdd(name, new Dependency(name, DependencyCondition.Started));
        }
        return [.. all.Values];
    }

    // Services whose namespaces, volumes or names it takes.
    private static IEnumerable<string> Implied(Service service) =>
        service.SharedWith().Concat(service.Network.Links.Select(link => link.Split(':')[0]));

    private static Healthcheck ReadHealthcheck(Fields fields)
    {
        var test = fields.TextsOrNull("test");
        if (fields.Flag("disable") == true)
        {
            test = ["NONE"];
        }
        if (test is [var first, ..] && first is not ("NONE" or "CMD" or "CMD-SHELL"))
        {
            throw new ComposeException(fields.MarkOf("test"), $"{fields.What}.test must begin with NONE, CMD or CMD-SHELL");
        }
        return new Healthcheck
        {
            Test = test,
            Interval = fields.Duration("interval"),
            Timeout = fields.Duration("timeout"),
            Retries = fields.Number("retries"),
            StartPeriod = fields.Duration("start_period"),
            StartInterval = fields.Duration("start_interval"),
        };
    }

    private static Build ReadBuild(Fields fields)
    {
        // What only BuildKit does, or other systems.
        fields.Ignore("entitlements", "ssh", "cache_to", "provenance", "sbom", "privileged", "platforms", "ulimits");
        Refuse(fields, "secrets", "additional_contexts");
        return new Build(fields.Text("context") ?? ".")
        {
            Dockerfile = fields.Text("dockerfile"),
            DockerfileInline = fields.Text("dockerfile_inline"),
            Arguments = fields.Pairs("args"),
            Target = fields.Text("target"),
            Labels = fields.TextPairs("labels"),
            Tags = fields.Texts("tags"),
            CacheFrom = fields.Texts("cache_from"),
            Network = fields.Text("network"),
            Isolation = fields.Text("isolation"),
            ExtraHosts = NetworkReader.ExtraHosts(fields),
            ShmSize = fields.Size("shm_size"),
            NoCache = fields.Flag("no_cache") ?? false,
            Pull = fields.Flag("pull") ?? false,
        };
    }

    private static Deployment ReadDeploy(Fields fields)
    {
        // Of a swarm.
        fields.Ignore("mode", "endpoint_mode", "labels", "rollback_config", "update_config", "placement");
        var restart = fields.Map("restart_policy", policy =>
        {
            policy.Ignore("delay", "window");
            var count = (int)Math.Clamp(policy.Number("max_attempts") ?? 0, 0, int.MaxValue);
            return Tuple.Create(policy.OneOf("condition", "none", "on-failure", "any") switch { "none" => "no", "on-failure" => "on-failure", _ => "always" }, count);
        });
        var resources = fields.Map("resources", parts => Tuple.Create(parts.Map("limits", Resources) ?? [], parts.Map("reservations", Resources) ?? []));
        return new Deployment(fields.Number("replicas"), restart is null ? null : (restart.Item1, restart.Item1 == "on-failure" ? restart.Item2 : 0), resources?.Item1 ?? [], resources?.Item2 ?? []);
    }

    private static Dictionary<string, decimal> Resources(Fields fields)
    {
        fields.Ignore("generic_resources", "devices");
        Dictionary<string, decimal> all = [];
        foreach (var (name, value) in new[] { ("cpus", fields.Fraction("cpus")), ("memory", fields.Size("memory")), ("pids", fields.Number("pids")) })
        {
            if (value is { } number)
            {
                all[name] = number;
            }
        }
        return all;
    }

    private sealed record Deployment(long? Replicas, (string Name, int Maximum)? Restart, Dictionary<string, decimal> Limits, Dictionary<string, decimal> Reservations);
}
