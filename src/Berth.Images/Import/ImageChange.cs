using System.Globalization;
using System.Text.Json;
using Berth.Images.Spec;

namespace Berth.Images.Import;

/// <summary>The instructions that import and commit take. [DOCKERFILE] CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, USER, VOLUME, WORKDIR …</summary>
public static class ImageChange
{
    private static readonly string[] ShellPrefix = ["/bin/sh", "-c"];

    /// <summary>Applies instructions in order, each <c>NAME arguments</c>.</summary>
    /// <exception cref="ImageException">An instruction is unknown or malformed; the message quotes it.</exception>
    public static ImageDefaults? Apply(ImageDefaults? defaults, IReadOnlyList<string> changes)
    {
        foreach (string change in changes)
        {
            defaults = ApplyOne(defaults ?? new ImageDefaults(), change.Trim());
        }
        return defaults;
    }

    private static ImageDefaults ApplyOne(ImageDefaults defaults, string change)
    {
        int space = change.AsSpan().IndexOfAny(' ', '\t');
        string name = (space < 0 ? change : change[..space]).ToUpperInvariant(), rest = space < 0 ? "" : change[space..].Trim();
        if (rest.Length == 0)
        {
            throw Bad(change, "it needs an argument");
        }
        switch (name)
        {
            case "CMD":
                return defaults with { Cmd = Command(rest, defaults) };
            case "ENTRYPOINT":
                return defaults with { Entrypoint = Command(rest, defaults) };
            case "SHELL":
                return defaults with { Shell = Array(rest) ?? throw Bad(change, "SHELL takes a JSON array of strings") };
            case "ENV":
                return WithVariables(defaults, ChangeWords.Pairs(rest, change));
            case "LABEL":
                return WithLabels(defaults, ChangeWords.Pairs(rest, change));
            case "EXPOSE":
                return WithPorts(defaults, ChangeWords.Split(rest, change), change);
            case "VOLUME":
                return WithVolumes(defaults, Array(rest) ?? ChangeWords.Split(rest, change));
            case "USER":
                return defaults with { User = rest };
            case "WORKDIR":
                return defaults with { WorkingDir = rest.StartsWith('/') ? rest : $"{(defaults.WorkingDir ?? "").TrimEnd('/')}/{rest}" };
            case "STOPSIGNAL":
                return defaults with { StopSignal = rest };
            case "ONBUILD":
                return defaults with { OnBuild = [.. defaults.OnBuild ?? [], rest] };
            case "HEALTHCHECK":
                return defaults with { Healthcheck = HealthChange.Parse(rest, change) };
            case "MAINTAINER":
                return WithLabels(defaults, [("maintainer", rest)]);
            default:
                throw Bad(change, "it is none of CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, MAINTAINER, ONBUILD, SHELL, STOPSIGNAL, USER, VOLUME, WORKDIR");
        }
    }

    internal static ImageException Bad(string change, string why) =>
        new(ImageErrorCode.InvalidParameter, $"change \"{ImageException.Printable(change)}\": {why}");

    /// <summary>A JSON array of strings; null when it is not one.</summary>
    internal static List<string>? Array(string text)
    {
        if (!text.StartsWith('['))
        {
            return null;
        }
        try
        {
            List<string>? items = JsonSerializer.Deserialize(text, ImageJson.Default.ListString);
            return items?.Contains(null!) == true ? null : items;
        }
        catch (JsonException)
        {
            return null; // Docker also takes a malformed array as a shell line
        }
    }

    private static List<string> Command(string rest, ImageDefaults defaults) => Array(rest) ?? [.. defaults.Shell ?? ShellPrefix, rest];

    /// <summary>ENV: new values take the old ones' places.</summary>
    public static ImageDefaults WithVariables(ImageDefaults defaults, IEnumerable<(string Key, string Value)> pairs)
    {
        List<string> result = [.. defaults.Env ?? []];
        foreach ((string key, string value) in pairs)
        {
            int at = result.FindIndex(variable => variable.StartsWith(key + "=", StringComparison.Ordinal));
            if (at >= 0)
            {
                result[at] = $"{key}={value}";
            }
            else
            {
                result.Add($"{key}={value}");
            }
        }
        return defaults with { Env = result };
    }

    /// <summary>LABEL.</summary>
    public static ImageDefaults WithLabels(ImageDefaults defaults, IEnumerable<(string Key, string Value)> pairs)
    {
        var result = new SortedDictionary<string, string>((defaults.Labels ?? new Dictionary<string, string>()).ToDictionary(), StringComparer.Ordinal);
        foreach ((string key, string value) in pairs)
        {
            result[key] = value;
        }
        return defaults with { Labels = result };
    }

    /// <summary>EXPOSE.</summary>
    /// <exception cref="ImageException">One of them is no port.</exception>
    public static ImageDefaults WithPorts(ImageDefaults defaults, IEnumerable<string> ports, string change) =>
        defaults with { ExposedPorts = With(defaults.ExposedPorts, ports.SelectMany(port => Ports(port, change))) };

    /// <summary>VOLUME.</summary>
    public static ImageDefaults WithVolumes(ImageDefaults defaults, IEnumerable<string> paths) => defaults with { Volumes = With(defaults.Volumes, paths) };

    private static SortedDictionary<string, EmptyObject> With(IReadOnlyDictionary<string, EmptyObject>? set, IEnumerable<string> names)
    {
        var result = new SortedDictionary<string, EmptyObject>((set ?? new Dictionary<string, EmptyObject>()).ToDictionary(), StringComparer.Ordinal);
        foreach (string name in names)
        {
            result[name] = EmptyObject.Value;
        }
        return result;
    }

    // "80", "80/udp" or "8000-8010/tcp"
    private static IEnumerable<string> Ports(string text, string change)
    {
        string[] parts = text.Split('/');
        string protocol = parts.Length == 1 ? "tcp" : parts[1].ToLowerInvariant();
        string[] range = parts[0].Split('-');
        if (parts.Length > 2 || protocol is not ("tcp" or "udp" or "sctp") || range.Length > 2
            || !ushort.TryParse(range[0], NumberStyles.None, CultureInfo.InvariantCulture, out ushort first)
            || !ushort.TryParse(range[^1], NumberStyles.None, CultureInfo.InvariantCulture, out ushort last) || first == 0 || last < first)
        {
            throw Bad(change, $"\"{text}\" is not a port, PORT[-PORT][/tcp|udp|sctp]");
        }
        return Enumerable.Range(first, last - first + 1).Select(port => $"{port}/{protocol}");
    }
}
