using Berth.Engine.Configuration;
using Berth.Images.Spec;

namespace Berth.Engine.Planning;

/// <summary>Fills what a request leaves open from the image's defaults, as Docker does.</summary>
internal static class ConfigMerge
{
    public static InstanceConfig Merge(InstanceConfig asked, ImageDefaults? image)
    {
        image ??= new ImageDefaults();
        bool clearEntrypoint = asked.Entrypoint is [""];
        bool ownEntrypoint = asked.Entrypoint is { Count: > 0 };
        IReadOnlyList<string>? entrypoint = clearEntrypoint ? null : ownEntrypoint ? asked.Entrypoint : image.Entrypoint;
        // A new entrypoint makes the image's arguments meaningless.
        IReadOnlyList<string>? command = asked.Cmd is { Count: > 0 } ? asked.Cmd : ownEntrypoint ? null : image.Cmd;
        return asked with
        {
            User = NonEmpty(asked.User) ?? image.User ?? "",
            ExposedPorts = Union(asked.ExposedPorts, image.ExposedPorts),
            Env = Environment(image.Env, asked.Env),
            Cmd = command,
            Entrypoint = entrypoint,
            Healthcheck = Health(asked.Healthcheck, image.Healthcheck),
            Volumes = Union(asked.Volumes, image.Volumes),
            WorkingDir = NonEmpty(asked.WorkingDir) ?? image.WorkingDir ?? "",
            Labels = Labels(image.Labels, asked.Labels),
            StopSignal = NonEmpty(asked.StopSignal) ?? NonEmpty(image.StopSignal),
            StopTimeout = asked.StopTimeout ?? image.StopTimeout,
            Shell = asked.Shell is { Count: > 0 } ? asked.Shell : image.Shell,
            OnBuild = asked.OnBuild,
            Unknown = null,
        };
    }

    /// <summary>Later values win in place; a bare <c>NAME</c> takes the name away.</summary>
    public static IReadOnlyList<string> Environment(IReadOnlyList<string>? first, IReadOnlyList<string>? then)
    {
        var result = new List<string>();
        var index = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string entry in (first ?? []).Concat(then ?? []))
        {
            int equals = entry.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? entry : entry[..equals];
            if (index.TryGetValue(name, out int at))
            {
                result[at] = equals < 0 ? "" : entry;
            }
            else if (equals >= 0)
            {
                index[name] = result.Count;
                result.Add(entry);
            }
        }
        result.RemoveAll(static entry => entry.Length == 0);
        return result;
    }

    private static HealthConfig? Health(HealthConfig? asked, HealthCheck? image)
    {
        if (image is null)
            return asked;
        asked ??= new HealthConfig();
        return asked with
        {
            Test = asked.Test is { Count: > 0 } ? asked.Test : image.Test,
            Interval = asked.Interval != 0 ? asked.Interval : image.Interval ?? 0,
            Timeout = asked.Timeout != 0 ? asked.Timeout : image.Timeout ?? 0,
            StartPeriod = asked.StartPeriod != 0 ? asked.StartPeriod : image.StartPeriod ?? 0,
            StartInterval = asked.StartInterval != 0 ? asked.StartInterval : image.StartInterval ?? 0,
            Retries = asked.Retries != 0 ? asked.Retries : image.Retries ?? 0,
        };
    }

    private static Dictionary<string, Configuration.EmptyObject>? Union(
        IReadOnlyDictionary<string, Configuration.EmptyObject>? asked, IReadOnlyDictionary<string, Berth.Images.Spec.EmptyObject>? image)
    {
        if (asked is not { Count: > 0 } && image is not { Count: > 0 })
            return null;
        var union = new Dictionary<string, Configuration.EmptyObject>(StringComparer.Ordinal);
        foreach (string key in (image?.Keys ?? []).Concat(asked?.Keys ?? []))
            union[key] = new();
        return union;
    }

    private static Dictionary<string, string> Labels(IReadOnlyDictionary<string, string>? image, IReadOnlyDictionary<string, string>? asked)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string key, string value) in (image ?? EmptyLabels).Concat(asked ?? EmptyLabels))
            labels[key] = value;
        return labels;
    }

    private static readonly IReadOnlyDictionary<string, string> EmptyLabels = new Dictionary<string, string>();

    private static string? NonEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
