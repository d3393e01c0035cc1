namespace Berth.Containers.Spec;

/// <summary>Checks of what only Linux has.</summary>
public static partial class SpecValidator
{
    private static readonly string[] Propagations = ["shared", "slave", "private", "unbindable", "rshared", "rslave", "rprivate", "runbindable"];

    private static void CheckLinux(LinuxSpec linux, RuntimeSpec spec, List<string> problems)
    {
        CheckNamespaces(linux, spec, problems);
        CheckMappings(linux.UidMappings, "linux.uidMappings", problems);
        CheckMappings(linux.GidMappings, "linux.gidMappings", problems);
        foreach (string clock in linux.TimeOffsets.Keys.Where(static clock => clock is not ("monotonic" or "boottime")))
            problems.Add($"linux.timeOffsets: \"{Shorten(clock)}\" is not a clock; use monotonic or boottime");
        if (!string.IsNullOrEmpty(linux.MountLabel))
            problems.Add("linux.mountLabel: SELinux labels are not applied; leave it out");
        if (linux.Personality is not null)
            problems.Add("linux.personality: is not supported; leave it out");
        CheckDevices(linux.Devices, problems);
        CheckText(linux.CgroupsPath, "linux.cgroupsPath", MaxPathLength, problems);
        if (linux.CgroupsPath is { } cgroup && cgroup.Split('/').Contains(".."))
            problems.Add("linux.cgroupsPath: must not contain \"..\"");
        if (linux.RootfsPropagation is { Length: > 0 } propagation && !Propagations.Contains(propagation))
            problems.Add($"linux.rootfsPropagation: \"{Shorten(propagation)}\" is not one of {string.Join(", ", Propagations)}");
        CheckSysctl(linux.Sysctl, problems);
        CheckAbsolutes(linux.MaskedPaths, "linux.maskedPaths", problems);
        CheckAbsolutes(linux.ReadonlyPaths, "linux.readonlyPaths", problems);
        if (linux.Resources is { } resources)
            CheckResources(resources, "linux.resources", problems);
        if (linux.Seccomp is { } seccomp)
            CheckSeccomp(seccomp, problems);
    }

    private static void CheckNamespaces(LinuxSpec linux, RuntimeSpec spec, List<string> problems)
    {
        var seen = new HashSet<string>();
        for (int i = 0; i < linux.Namespaces.Count && i < 64; i++)
        {
            string field = $"linux.namespaces[{i}]";
            if (linux.Namespaces[i] is not { } ns)
                problems.Add($"{field}: is null");
            else if (!NamespaceType.All.Contains(ns.Type))
                problems.Add($"{field}.type: \"{Shorten(ns.Type)}\" is not one of {string.Join(", ", NamespaceType.All)}");
            else if (!seen.Add(ns.Type))
                problems.Add($"{field}.type: {ns.Type} is given twice");
            else if (ns is { Type: NamespaceType.Time, Path.Length: > 0 })
                problems.Add($"{field}.path: a time namespace cannot be joined by a first process; leave the path out and give linux.timeOffsets");
            else if (ns.Path is { Length: > 0 })
                CheckAbsolute(ns.Path, field + ".path", problems);
        }
        if (spec.Hostname is { Length: > 0 } && !seen.Contains(NamespaceType.Uts))
            problems.Add("hostname: needs a uts namespace in linux.namespaces, otherwise the host would be renamed");
        if (spec.Domainname is { Length: > 0 } && !seen.Contains(NamespaceType.Uts))
            problems.Add("domainname: needs a uts namespace in linux.namespaces, otherwise the host's would change");
        if (linux.UidMappings.Count + linux.GidMappings.Count > 0 && !seen.Contains(NamespaceType.User))
            problems.Add("linux.uidMappings: need a user namespace in linux.namespaces");
        NamespaceSpec? user = linux.Namespaces.FirstOrDefault(static n => n?.Type == NamespaceType.User);
        if (user is not null && string.IsNullOrEmpty(user.Path) && (linux.UidMappings.Count == 0 || linux.GidMappings.Count == 0))
            problems.Add("linux.uidMappings: a new user namespace needs uidMappings and gidMappings");
        if (linux.TimeOffsets.Count > 0 && !seen.Contains(NamespaceType.Time))
            problems.Add("linux.timeOffsets: need a time namespace in linux.namespaces");
    }

    private static void CheckDevices(IReadOnlyList<DeviceSpec> devices, List<string> problems)
    {
        if (!CheckCount(devices.Count, "linux.devices", problems))
            return;
        for (int i = 0; i < devices.Count; i++)
        {
            string field = $"linux.devices[{i}]";
            if (devices[i] is not { } device)
            {
                problems.Add($"{field}: is null");
                continue;
            }
            CheckAbsolute(device.Path, field + ".path", problems);
            if (device.Type is not ("c" or "b" or "u" or "p"))
                problems.Add($"{field}.type: \"{Shorten(device.Type)}\" is not one of c, b, u, p");
            else if (device.Type != "p" && (device.Major is < 0 or > 0xFFF || device.Minor is < 0 or > 0xFFFFF))
                problems.Add($"{field}: device number {device.Major}:{device.Minor} is out of range");
            if (device.FileMode > 0xFFF)
                problems.Add($"{field}.fileMode: must not be above 07777");
        }
    }

    private static void CheckSysctl(IReadOnlyDictionary<string, string> sysctl, List<string> problems)
    {
        foreach ((string name, string value) in sysctl)
        {
            bool wellFormed = name.Length is > 0 and <= 255 && !name.Contains("..", StringComparison.Ordinal)
                && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/' or ':');
            if (!wellFormed)
                problems.Add($"linux.sysctl: \"{Shorten(name)}\" is not a sysctl name");
            else
                CheckText(value ?? "", $"linux.sysctl.{name}", 4096, problems);
        }
    }

    private static void CheckSeccomp(SeccompSpec seccomp, List<string> problems)
    {
        if (!CheckCount(seccomp.Syscalls.Count, "linux.seccomp.syscalls", problems))
            return;
        for (int i = 0; i < seccomp.Syscalls.Count; i++)
        {
            string field = $"linux.seccomp.syscalls[{i}]";
            if (seccomp.Syscalls[i] is not { } rule)
                problems.Add($"{field}: is null");
            else if (rule.Names.Count == 0)
                problems.Add($"{field}.names: is empty");
            else if (rule.Args.Any(static a => a is null || a.Index > 5))
                problems.Add($"{field}.args: an index must lie between 0 and 5");
        }
    }
}
