namespace Berth.Containers.Spec;

/// <summary>Checks a configuration against [OCI-RT] before anything acts on it; reports every problem, not just the first.</summary>
public static partial class SpecValidator
{
    private const int MaxListLength = 4096;
    private const int MaxStringBytes = 128 * 1024; // Linux MAX_ARG_STRLEN
    private const int MaxPathLength = 4095;

    /// <summary>All problems of a whole configuration; empty when it is sound.</summary>
    public static IReadOnlyList<string> Validate(RuntimeSpec spec)
    {
        var problems = new List<string>();
        CheckVersion(spec.OciVersion, problems);
        if (spec.Process is { } process)
            CheckProcess(process, "process", problems);
        if (spec.Root is { } root)
            CheckPath(root.Path, "root.path", problems);
        CheckHostName(spec.Hostname, "hostname", problems);
        CheckHostName(spec.Domainname, "domainname", problems);
        CheckMounts(spec.Mounts, problems);
        CheckHooks(spec.Hooks, problems);
        if (spec.Annotations.Keys.Any(string.IsNullOrEmpty))
            problems.Add("annotations: a key is empty");
        if (spec.Linux is { } linux)
            CheckLinux(linux, spec, problems);
        return problems;
    }

    /// <summary>All problems of a process.</summary>
    public static IReadOnlyList<string> Validate(ProcessSpec process)
    {
        var problems = new List<string>();
        CheckProcess(process, "process", problems);
        return problems;
    }

    /// <summary>All problems of a set of limits.</summary>
    public static IReadOnlyList<string> Validate(LinuxResources resources)
    {
        var problems = new List<string>();
        CheckResources(resources, "resources", problems);
        return problems;
    }

    /// <inheritdoc cref="Validate(RuntimeSpec)"/>
    /// <exception cref="SpecException">There are problems.</exception>
    public static void ThrowIfInvalid(RuntimeSpec spec) => Throw(Validate(spec));

    /// <inheritdoc cref="Validate(ProcessSpec)"/>
    /// <exception cref="SpecException">There are problems.</exception>
    public static void ThrowIfInvalid(ProcessSpec process) => Throw(Validate(process));

    /// <inheritdoc cref="Validate(LinuxResources)"/>
    /// <exception cref="SpecException">There are problems.</exception>
    public static void ThrowIfInvalid(LinuxResources resources) => Throw(Validate(resources));

    private static void Throw(IReadOnlyList<string> problems)
    {
        if (problems.Count > 0)
            throw new SpecException(problems);
    }

    private static void CheckVersion(string version, List<string> problems)
    {
        if (version.Length == 0)
            problems.Add("ociVersion: is missing; give the specification's version, such as \"1.2.0\"");
        else if (version.Length > 64 || !version.StartsWith("1.", StringComparison.Ordinal))
            problems.Add($"ociVersion: \"{Shorten(version)}\" is not supported; use a 1.x version");
    }

    private static void CheckMounts(IReadOnlyList<MountSpec> mounts, List<string> problems)
    {
        if (!CheckCount(mounts.Count, "mounts", problems))
            return;
        for (int i = 0; i < mounts.Count; i++)
        {
            MountSpec? mount = mounts[i];
            string field = $"mounts[{i}]";
            if (mount is null)
            {
                problems.Add($"{field}: is null");
                continue;
            }
            CheckAbsolute(mount.Destination, field + ".destination", problems);
            CheckText(mount.Type, field + ".type", 256, problems);
            CheckText(mount.Source, field + ".source", MaxPathLength, problems);
            CheckTexts(mount.Options, field + ".options", MaxPathLength, problems);
            if (mount.UidMappings.Count + mount.GidMappings.Count > 0)
                problems.Add($"{field}.uidMappings: a mount has the mappings of the container's user namespace; leave them out");
        }
    }

    private static void CheckHooks(HooksSpec? hooks, List<string> problems)
    {
        if (hooks is null)
            return;
        (string Name, IReadOnlyList<HookSpec> List)[] all =
        [
            ("prestart", hooks.Prestart), ("createRuntime", hooks.CreateRuntime), ("createContainer", hooks.CreateContainer),
            ("startContainer", hooks.StartContainer), ("poststart", hooks.Poststart), ("poststop", hooks.Poststop),
        ];
        foreach ((string name, IReadOnlyList<HookSpec> list) in all)
        {
            if (!CheckCount(list.Count, $"hooks.{name}", problems))
                continue;
            for (int i = 0; i < list.Count; i++)
            {
                HookSpec? hook = list[i];
                string field = $"hooks.{name}[{i}]";
                if (hook is null)
                {
                    problems.Add($"{field}: is null");
                    continue;
                }
                CheckAbsolute(hook.Path, field + ".path", problems);
                CheckTexts(hook.Args, field + ".args", MaxStringBytes, problems);
                CheckTexts(hook.Env, field + ".env", MaxStringBytes, problems);
                if (hook.Timeout <= 0)
                    problems.Add($"{field}.timeout: must be more than 0 seconds");
            }
        }
    }
}
