using Berth.Engine.Configuration;
using Berth.Engine.State;
using Berth.Engine.Volumes;

namespace Berth.Engine.Planning;

/// <summary>Turns Binds, Mounts, Volumes, VolumesFrom and Tmpfs into one list of mounts, one per destination. Pure; errors name the field.</summary>
internal static class MountPlanner
{
    /// <summary>Files of /proc that only tell about resources; programs such as lxcfs put their own view there.</summary>
    private static readonly string[] ReplaceableProc =
        ["/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat", "/proc/swaps", "/proc/uptime", "/proc/loadavg", "/proc/slabinfo"];

    private static readonly string[] Propagations = ["private", "rprivate", "shared", "rshared", "slave", "rslave"];

    /// <summary>
    /// <paramref name="volumePath"/> gives a volume's directory, <paramref name="newName"/> a name for an anonymous one,
    /// <paramref name="mountsOf"/> the mounts of another instance, <paramref name="imageId"/> the
    /// id of an image.
    /// </summary>
    public static IReadOnlyList<PlannedMount> Plan(
        InstanceConfig config, HostConfig host, Func<string, string> volumePath, Func<string> newName, Func<string, IReadOnlyList<PlannedMount>> mountsOf, Func<string, string> imageId)
    {
        var mounts = new Dictionary<string, PlannedMount>(StringComparer.Ordinal);
        foreach (string from in host.VolumesFrom ?? [])
        {
            (string name, bool readOnly) = SplitVolumesFrom(from);
            foreach (PlannedMount mount in mountsOf(name).Where(static m => m.Type != "tmpfs"))
                mounts[mount.Destination] = mount with { ReadOnly = mount.ReadOnly || readOnly, NoCopy = true };
        }
        var own = new HashSet<string>(StringComparer.Ordinal);
        foreach (string bind in host.Binds ?? [])
            AddOwn(ParseBind(bind, volumePath, newName), "HostConfig.Binds");
        foreach (MountConfig mount in host.Mounts ?? [])
            AddOwn(FromMount(mount, volumePath, newName, imageId), "HostConfig.Mounts");
        foreach ((string path, string options) in host.Tmpfs ?? new Dictionary<string, string>())
            AddOwn(Tmpfs(path, options), "HostConfig.Tmpfs");
        foreach (string path in config.Volumes?.Keys ?? [])
        {
            string destination = Destination(path, "Volumes");
            if (!mounts.ContainsKey(destination))
                mounts[destination] = Volume(newName(), destination, "", volumePath) with { Anonymous = true };
        }
        return [.. mounts.Values.OrderBy(static m => m.Destination.Count(static c => c == '/')).ThenBy(static m => m.Destination, StringComparer.Ordinal)];

        void AddOwn(PlannedMount mount, string field)
        {
            if (!own.Add(mount.Destination))
                throw EngineException.Invalid($"Duplicate mount point: {mount.Destination} ({field}): mount one thing there only");
            mounts[mount.Destination] = mount;
        }
    }

    private static PlannedMount ParseBind(string bind, Func<string, string> volumePath, Func<string> newName)
    {
        string[] parts = bind.Split(':');
        if (parts.Length > 3 || parts.Any(static p => p.Length == 0))
            throw EngineException.Invalid($"HostConfig.Binds: invalid volume specification: '{bind}': use source:target[:options]");
        if (parts.Length == 1)
            return Volume(newName(), Destination(parts[0], "HostConfig.Binds"), "", volumePath) with { Anonymous = true };
        string destination = Destination(parts[1], "HostConfig.Binds");
        string mode = parts.Length == 3 ? parts[2] : "";
        PlannedMount mount = parts[0][0] == '/'
            ? new() { Type = "bind", Source = Normalize(parts[0]), Destination = destination, Propagation = "rprivate", CreateSource = true }
            : Volume(VolumeName(parts[0], "HostConfig.Binds"), destination, "z", volumePath);
        mount = mount with { Mode = mode.Length > 0 ? mode : mount.Mode };
        foreach (string option in mode.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            mount = option switch
            {
                "ro" => mount with { ReadOnly = true },
                "rw" or "z" or "Z" or "cached" or "delegated" or "consistent" => mount,
                "nocopy" when mount.Type == "volume" => mount with { NoCopy = true },
                _ when mount.Type == "bind" && Propagations.Contains(option) => mount with { Propagation = option },
                _ => throw EngineException.Invalid($"HostConfig.Binds: invalid mode: {mode}: \"{option}\" is not an option of a {mount.Type} mount"),
            };
        }
        return mount;
    }

    private static PlannedMount FromMount(MountConfig mount, Func<string, string> volumePath, Func<string> newName, Func<string, string> imageId)
    {
        string destination = Destination(mount.Target ?? "", "HostConfig.Mounts.Target");
        UnknownFields.Refuse(mount.Unknown, "HostConfig.Mounts.");
        UnknownFields.Refuse(mount.BindOptions?.Unknown, "HostConfig.Mounts.BindOptions.");
        UnknownFields.Refuse(mount.VolumeOptions?.Unknown, "HostConfig.Mounts.VolumeOptions.");
        UnknownFields.Refuse(mount.TmpfsOptions?.Unknown, "HostConfig.Mounts.TmpfsOptions.");
        UnknownFields.Refuse(mount.ImageOptions?.Unknown, "HostConfig.Mounts.ImageOptions.");
        CheckOptions(mount);
        switch (mount.Type)
        {
            case "bind":
                if (mount.Source is not { Length: > 0 } source || source[0] != '/')
                    throw EngineException.Invalid("invalid mount config for type \"bind\": HostConfig.Mounts.Source must be an absolute path");
                BindOptions options = mount.BindOptions ?? new();
                string propagation = options.Propagation is { Length: > 0 } p ? p : "rprivate";
                if (!Propagations.Contains(propagation))
                    throw EngineException.Invalid($"HostConfig.Mounts.BindOptions.Propagation: \"{propagation}\" is none of {string.Join(", ", Propagations)}");
                CheckRecursion(mount.ReadOnly, options, propagation);
                return new()
                {
                    Type = "bind",
                    Source = Normalize(source),
                    Destination = destination,
                    ReadOnly = mount.ReadOnly,
                    Propagation = propagation,
                    NonRecursive = options.NonRecursive,
                    WritableBelow = options.ReadOnlyNonRecursive,
                    CreateSource = options.CreateMountpoint,
                };
            case "volume":
                if (mount.VolumeOptions?.DriverConfig?.Name is not (null or "" or "local"))
                    throw EngineException.Invalid($"HostConfig.Mounts.VolumeOptions.DriverConfig: volume driver \"{mount.VolumeOptions.DriverConfig.Name}\" is not available: the one driver is local");
                VolumeDriverOptions.Check(mount.VolumeOptions?.DriverConfig?.Options, "HostConfig.Mounts.VolumeOptions.DriverConfig.Options");
                bool anonymous = string.IsNullOrEmpty(mount.Source);
                string name = anonymous ? newName() : VolumeName(mount.Source!, "HostConfig.Mounts.Source");
                return Volume(name, destination, "z", volumePath) with
                {
                    ReadOnly = mount.ReadOnly,
                    NoCopy = mount.VolumeOptions?.NoCopy ?? false,
                    Anonymous = anonymous,
                    VolumeLabels = mount.VolumeOptions?.Labels,
                    VolumeOptions = mount.VolumeOptions?.DriverConfig?.Options,
                    Subpath = Subpath(mount.VolumeOptions?.Subpath ?? "", "VolumeOptions"),
                };
            case "tmpfs":
                if (!string.IsNullOrEmpty(mount.Source))
                    throw EngineException.Invalid("invalid mount config for type \"tmpfs\": HostConfig.Mounts.Source must be empty");
                List<string> list = TmpfsRules.From(mount.TmpfsOptions ?? new());
                return new() { Type = "tmpfs", Destination = destination, ReadOnly = mount.ReadOnly, TmpfsOptions = list };
            case "image":
                if (string.IsNullOrEmpty(mount.Source))
                    throw EngineException.Invalid("invalid mount config for type \"image\": HostConfig.Mounts.Source must name an image");
                return new()
                {
                    Type = "image",
                    Source = mount.Source,
                    ImageId = imageId(mount.Source),
                    Destination = destination,
                    ReadOnly = true,
                    Subpath = Subpath(mount.ImageOptions?.Subpath ?? "", "ImageOptions"),
                };
            default:
                throw EngineException.Invalid($"HostConfig.Mounts.Type: \"{mount.Type}\" is not available: use bind, volume, tmpfs or image");
        }
    }

    private static void CheckRecursion(bool readOnly, BindOptions options, string propagation)
    {
        const string Field = "HostConfig.Mounts.BindOptions";
        if (options.ReadOnlyNonRecursive && options.ReadOnlyForceRecursive)
            throw EngineException.Invalid($"{Field}: ReadOnlyNonRecursive and ReadOnlyForceRecursive contradict each other");
        if ((options.ReadOnlyNonRecursive || options.ReadOnlyForceRecursive) && !readOnly)
            throw EngineException.Invalid($"{Field}: ReadOnlyNonRecursive and ReadOnlyForceRecursive are for read-only mounts: set ReadOnly too");
        if (options.ReadOnlyForceRecursive && (options.NonRecursive || propagation != "rprivate"))
            throw EngineException.Invalid($"{Field}: ReadOnlyForceRecursive needs a recursive bind with propagation rprivate");
    }

    private static void CheckOptions(MountConfig mount)
    {
        foreach ((object? given, string type, string name) in ((object?, string, string)[])
            [(mount.BindOptions, "bind", "BindOptions"), (mount.VolumeOptions, "volume", "VolumeOptions"), (mount.TmpfsOptions, "tmpfs", "TmpfsOptions"), (mount.ImageOptions, "image", "ImageOptions")])
        {
            if (given is not null && mount.Type != type)
                throw EngineException.Invalid($"invalid mount config for type \"{mount.Type}\": {name} are for mounts of type {type}");
        }
    }

    private static string Subpath(string path, string options)
    {
        if (path.Length == 0)
            return "";
        if (path[0] == '/' || path.Split('/').Contains(".."))
            throw EngineException.Invalid($"HostConfig.Mounts.{options}.Subpath: '{path}' must be a relative path that stays within");
        return Normalize(path).TrimStart('/');
    }

    private static PlannedMount Tmpfs(string path, string options)
    {
        (List<string> list, bool readOnly) = TmpfsRules.Parse(options, $"HostConfig.Tmpfs[{path}]");
        return new() { Type = "tmpfs", Destination = Destination(path, "HostConfig.Tmpfs"), Mode = options, ReadOnly = readOnly, TmpfsOptions = list };
    }

    private static PlannedMount Volume(string name, string destination, string mode, Func<string, string> volumePath) =>
        new() { Type = "volume", VolumeName = name, Source = volumePath(name), Destination = destination, Mode = mode };

    private static (string Name, bool ReadOnly) SplitVolumesFrom(string from)
    {
        string[] parts = from.Split(':');
        return parts switch
        {
            [{ Length: > 0 }] => (parts[0], false),
            [{ Length: > 0 }, "ro" or "rw" or "z" or "Z"] => (parts[0], parts[1] == "ro"),
            _ => throw EngineException.Invalid($"HostConfig.VolumesFrom: invalid value '{from}': use name[:ro|rw]"),
        };
    }

    internal static string VolumeName(string name, string field)
    {
        if (name.Length == 1)
            throw EngineException.Invalid($"{field}: volume name \"{name}\" is too short, names should be at least two alphanumeric characters");
        bool sound = name.Length is >= 2 and <= 255 && char.IsAsciiLetterOrDigit(name[0])
            && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-');
        return sound ? name : throw EngineException.Invalid(
            $"{field}: \"{name}\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed; for a directory of the host use an absolute path");
    }

    private static string Destination(string path, string field)
    {
        if (path.Length == 0 || path[0] != '/')
            throw EngineException.Invalid($"{field}: invalid mount path: '{path}' mount path must be absolute");
        string normal = Normalize(path);
        if (normal == "/")
            throw EngineException.Invalid($"{field}: invalid specification: destination can't be '/'");
        // A /proc of someone's choice would be taken for the kernel's by everything that trusts it, and what hides parts of it would not hold.
        if (normal == "/proc" || (normal.StartsWith("/proc/", StringComparison.Ordinal) && !ReplaceableProc.Contains(normal)))
            throw EngineException.Invalid($"{field}: \"{normal}\" cannot be mounted because it is inside /proc: choose a place elsewhere");
        return normal;
    }

    /// <summary>Removes <c>.</c>, <c>..</c> and double slashes by text alone.</summary>
    internal static string Normalize(string path)
    {
        if (path.Contains('\0', StringComparison.Ordinal))
            throw EngineException.Invalid("a path contains a NUL byte");
        var parts = new List<string>();
        foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                if (parts.Count > 0)
                    parts.RemoveAt(parts.Count - 1);
            }
            else if (part != ".")
            {
                parts.Add(part);
            }
        }
        return "/" + string.Join('/', parts);
    }
}
