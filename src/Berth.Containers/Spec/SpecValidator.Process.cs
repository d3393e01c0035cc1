namespace Berth.Containers.Spec;

/// <summary>Checks of the process.</summary>
public static partial class SpecValidator
{
    private static void CheckProcess(ProcessSpec process, string field, List<string> problems)
    {
        if (process.Args.Count == 0)
            problems.Add($"{field}.args: is empty; name the program to run");
        else if (string.IsNullOrEmpty(process.Args[0]))
            problems.Add($"{field}.args[0]: is empty; name the program to run");
        CheckTexts(process.Args, field + ".args", MaxStringBytes, problems);
        CheckTexts(process.Env, field + ".env", MaxStringBytes, problems);
        CheckAbsolute(process.Cwd, field + ".cwd", problems);
        if (process.User.Umask > 0x1FF)
            problems.Add($"{field}.user.umask: must not be above 0777");
        CheckCount(process.User.AdditionalGids.Count, field + ".user.additionalGids", problems);
        if (process.User.Uid == uint.MaxValue)
            problems.Add($"{field}.user.uid: 4294967295 is not a user id");
        if (process.User.Gid == uint.MaxValue || process.User.AdditionalGids.Contains(uint.MaxValue))
            problems.Add($"{field}.user: 4294967295 is not a group id");
        if (process.OomScoreAdj is < -1000 or > 1000)
            problems.Add($"{field}.oomScoreAdj: must lie between -1000 and 1000");
        if (process.ConsoleSize is { } size && (size.Height > ushort.MaxValue || size.Width > ushort.MaxValue))
            problems.Add($"{field}.consoleSize: must not be above 65535");
        CheckUnsupported(process, field, problems);
        CheckRlimits(process.Rlimits, field + ".rlimits", problems);
        CheckCapabilities(process.Capabilities, field + ".capabilities", problems);
    }

    // Refused by name: passing over one of them would run the program with less protection, or otherwise, than was asked.
    private static void CheckUnsupported(ProcessSpec process, string field, List<string> problems)
    {
        if (!string.IsNullOrEmpty(process.ApparmorProfile) && process.ApparmorProfile != "unconfined")
            problems.Add($"{field}.apparmorProfile: AppArmor profiles are not applied; leave it out or use unconfined");
        if (!string.IsNullOrEmpty(process.SelinuxLabel))
            problems.Add($"{field}.selinuxLabel: SELinux labels are not applied; leave it out");
        if (process.Scheduler is not null)
            problems.Add($"{field}.scheduler: is not supported; leave it out");
        if (process.IoPriority is not null)
            problems.Add($"{field}.ioPriority: is not supported; use linux.resources.blockIO.weight");
        if (process.ExecCpuAffinity is not null)
            problems.Add($"{field}.execCPUAffinity: is not supported; use linux.resources.cpu.cpus");
    }

    private static void CheckRlimits(IReadOnlyList<RlimitSpec> limits, string field, List<string> problems)
    {
        var seen = new HashSet<string>();
        for (int i = 0; i < limits.Count; i++)
        {
            if (limits[i] is not { } limit)
                problems.Add($"{field}[{i}]: is null");
            else if (!Security.Rlimits.TryGetResource(limit.Type, out _))
                problems.Add($"{field}[{i}].type: \"{Shorten(limit.Type)}\" is not a resource limit; see getrlimit(2)");
            else if (!seen.Add(limit.Type))
                problems.Add($"{field}[{i}].type: {limit.Type} is given twice");
            else if (limit.Soft > limit.Hard)
                problems.Add($"{field}[{i}].soft: {limit.Soft} is above the hard limit {limit.Hard}");
        }
    }

    private static void CheckCapabilities(CapabilitiesSpec? sets, string field, List<string> problems)
    {
        if (sets is null)
            return;
        (string Name, IReadOnlyList<string> List)[] all =
        [
            ("bounding", sets.Bounding), ("effective", sets.Effective), ("inheritable", sets.Inheritable),
            ("permitted", sets.Permitted), ("ambient", sets.Ambient),
        ];
        foreach ((string name, IReadOnlyList<string> list) in all)
        {
            foreach (string capability in list)
            {
                if (capability is null || !capability.StartsWith("CAP_", StringComparison.Ordinal)
                    || !Security.CapabilitySet.TryParseName(capability, out _))
                    problems.Add($"{field}.{name}: \"{Shorten(capability ?? "null")}\" is not a capability; see capabilities(7)");
            }
        }
    }
}
