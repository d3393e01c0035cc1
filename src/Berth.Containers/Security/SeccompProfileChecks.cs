using Berth.Containers.Host;
using Berth.Containers.Spec;

namespace Berth.Containers.Security;

/// <summary>What makes a profile unusable, said once with the field's place.</summary>
internal static class SeccompProfileChecks
{
    private const int MaxRules = 4096, MaxNames = 4096, MaxArguments = 64;

    public static void ThrowIfUnsound(SeccompProfile profile)
    {
        if (profile.DefaultAction is null)
            throw Unsound("defaultAction", "is missing; use SCMP_ACT_ERRNO to refuse what no rule allows");
        if (profile.DefaultAction == SeccompAction.Notify || profile.ListenerPath is { Length: > 0 })
            throw Unsound("listenerPath", "notifications to another process are not supported; use SCMP_ACT_ERRNO");
        if (profile.Architectures.Count > 0 && profile.ArchMap.Count > 0)
            throw Unsound("archMap", "cannot be used together with architectures; keep one of them");
        if (profile.ArchMap.Any(static e => e is null))
            throw Unsound("archMap", "an entry is null");
        CheckErrno(profile.DefaultErrnoRet, "defaultErrnoRet");
        if (profile.Syscalls.Count > MaxRules)
            throw Unsound("syscalls", $"{profile.Syscalls.Count} rules are more than the allowed {MaxRules}");
        for (int i = 0; i < profile.Syscalls.Count; i++)
            Check(profile.Syscalls[i], $"syscalls[{i}]");
    }

    private static void Check(SeccompProfileRule? rule, string field)
    {
        if (rule is null)
            throw Unsound(field, "is null");
        if (rule.Name is not null && rule.Names.Count > 0)
            throw Unsound(field, "gives both name and names; keep names");
        if (rule.AllNames.Count is 0 or > MaxNames)
            throw Unsound(field + ".names", "must hold between 1 and 4096 names");
        if (rule.AllNames.Any(static n => string.IsNullOrEmpty(n) || n.Length > 64))
            throw Unsound(field + ".names", "a name is empty or longer than 64 characters");
        if (rule.Action is null)
            throw Unsound(field + ".action", "is missing; use SCMP_ACT_ALLOW or another SCMP_ACT_…");
        if (rule.Action == SeccompAction.Notify)
            throw Unsound(field + ".action", "SCMP_ACT_NOTIFY is not supported; use SCMP_ACT_ERRNO");
        CheckErrno(rule.ErrnoRet, field + ".errnoRet");
        if (rule.Args.Count > MaxArguments || rule.Args.Any(static a => a is null || a.Index > 5))
            throw Unsound(field + ".args", "an index must lie between 0 and 5");
        CheckCondition(rule.Includes, field + ".includes");
        CheckCondition(rule.Excludes, field + ".excludes");
    }

    private static void CheckCondition(SeccompCondition condition, string field)
    {
        if (condition.MinKernel is { } minimum && !KernelVersion.TryParse(minimum, out _))
            throw Unsound(field + ".minKernel", $"\"{minimum}\" is not a version such as 4.8");
        if (condition.Caps.FirstOrDefault(static c => c is null || !CapabilitySet.TryParseName(c, out _)) is { } unknown)
            throw Unsound(field + ".caps", $"\"{unknown}\" is not a capability");
    }

    private static void CheckErrno(uint? errno, string field)
    {
        if (errno > 4095)
            throw Unsound(field, $"{errno} is not an error number (0 to 4095)");
    }

    private static SeccompException Unsound(string field, string why) => new($"seccomp profile: {field}: {why}");
}
