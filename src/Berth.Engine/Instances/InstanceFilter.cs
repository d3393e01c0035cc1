using Berth.Engine.Networks;
using Berth.Engine.State;
using Berth.Images;

namespace Berth.Engine.Instances;

/// <summary>Which instances a list shows.</summary>
internal static class InstanceFilter
{
    private static readonly string[] Known =
        ["ancestor", "before", "expose", "exited", "health", "id", "isolation", "is-task", "label", "name", "network", "publish", "since", "status", "volume"];
    private static readonly string[] Statuses = ["created", "running", "paused", "restarting", "removing", "exited", "dead"];
    private static readonly string[] Healths = ["starting", "healthy", "unhealthy", "none"];

    /// <summary>Newest first. A status or exit code filter, or a limit, shows ended ones too.</summary>
    public static IEnumerable<Instance> Select(EngineContext context, bool all, int limit, FilterSet filters)
    {
        filters.Allow(Known);
        foreach (string status in filters["status"])
        {
            if (!Statuses.Contains(status))
                throw EngineException.Invalid($"invalid filter 'status={status}': use {string.Join(", ", Statuses)}");
        }
        foreach (string health in filters["health"])
        {
            if (!Healths.Contains(health))
                throw EngineException.Invalid($"invalid filter 'health={health}': use {string.Join(", ", Healths)}");
        }
        int[] exited = [.. filters["exited"].Select(static text => int.TryParse(text, out int code) ? code : throw EngineException.Invalid($"invalid filter 'exited={text}': use a number"))];
        DateTimeOffset? before = Bound("before")?.Min();
        DateTimeOffset? since = Bound("since")?.Max();
        string[] ancestors = [.. filters["ancestor"].Select(name => context.Images.Store.TryGet(name, out Image? image) ? image.Id : "")];
        bool showAll = all || limit > 0 || filters.Has("status") || exited.Length > 0;
        IEnumerable<Instance> selected = context.Registry.All
            .Where(i => (showAll || i.State.IsRunning || i.State.Status == InstanceStatus.Restarting) && Matches(i))
            .OrderByDescending(static i => i.Definition.CreatedAt).ThenBy(static i => i.Id, StringComparer.Ordinal);
        return limit > 0 ? selected.Take(limit) : selected;

        bool Matches(Instance instance)
        {
            InstanceDefinition definition = instance.Definition;
            InstanceState state = instance.State;
            return (!filters.Has("id") || filters["id"].Any(prefix => instance.Id.StartsWith(prefix, StringComparison.Ordinal)))
                && (!filters.Has("name") || filters["name"].Any(part => NameMatches(instance.Name, part)))
                && filters.MatchLabels(definition.Config.Labels)
                && filters.MatchExact("status", state.StatusText)
                && (exited.Length == 0 || (state.Status == InstanceStatus.Exited && exited.Contains(state.ExitCode)))
                && (before is not { } b || definition.CreatedAt < b)
                && (since is not { } s || definition.CreatedAt > s)
                && (!filters.Has("ancestor") || ancestors.Contains(definition.ImageId) || filters["ancestor"].Contains(definition.Config.Image))
                && filters.MatchExact("health", InstanceViews.Health(instance)?.Status ?? "none")
                && (!filters.Has("network") || filters["network"].Any(n => MatchesNetwork(definition, n)))
                && (!filters.Has("volume") || definition.Mounts.Any(m => filters["volume"].Any(v => v == m.VolumeName || v == m.Destination || v == m.Source)))
                && (!filters.Has("publish") || filters["publish"].Any(p => IsPublished(instance, p)))
                && (!filters.Has("expose") || filters["expose"].Any(p => definition.Config.ExposedPorts?.ContainsKey(p.Contains('/', StringComparison.Ordinal) ? p : p + "/tcp") == true))
                && filters.Boolean("is-task") != true;
        }

        bool MatchesNetwork(InstanceDefinition definition, string wanted) =>
            definition.HostConfig.NetworkMode == wanted && wanted is "none" or "host" || NetworkViews.Networks(context, definition).Any(n => n.Key == wanted || n.Value.NetworkID == wanted);

        bool IsPublished(Instance instance, string port) => context.Endpoints.Find(instance.Id)?.Ports
            .Any(p => port.Contains('/', StringComparison.Ordinal) ? $"{p.TargetPort}/{p.Protocol}" == port : p.TargetPort.ToString() == port || p.HostPort.ToString() == port) == true;

        IEnumerable<DateTimeOffset>? Bound(string key) => filters.Has(key) ? filters[key].Select(name => context.Registry.Get(name).Definition.CreatedAt) : null;
    }

    // Docker takes the value as a regular expression; it runs without backtracking, so that no value takes long.
    private static bool NameMatches(string name, string pattern)
    {
        string bare = pattern.TrimStart('/');
        try
        {
            return System.Text.RegularExpressions.Regex.IsMatch(name, bare, System.Text.RegularExpressions.RegexOptions.NonBacktracking)
                || System.Text.RegularExpressions.Regex.IsMatch("/" + name, pattern, System.Text.RegularExpressions.RegexOptions.NonBacktracking);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return name.Contains(bare, StringComparison.Ordinal);
        }
    }
}
