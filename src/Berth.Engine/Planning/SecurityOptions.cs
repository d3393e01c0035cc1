using Berth.Engine.Configuration;

namespace Berth.Engine.Planning;

/// <summary>What <c>HostConfig.SecurityOpt</c> asks for.</summary>
internal sealed record SecurityOptions
{
    public bool NoNewPrivileges { get; init; }

    public bool SeccompUnconfined { get; init; }

    /// <summary>A profile as JSON; null = the default one.</summary>
    public string? SeccompProfile { get; init; }

    public bool PathsUnconfined { get; init; }

    public static SecurityOptions Parse(HostConfig host)
    {
        var result = new SecurityOptions { SeccompUnconfined = host.Privileged };
        foreach (string option in host.SecurityOpt ?? [])
        {
            int split = option.IndexOfAny(['=', ':']);
            string key = split < 0 ? option : option[..split];
            string value = split < 0 ? "" : option[(split + 1)..];
            result = (key, value) switch
            {
                ("no-new-privileges", "" or "true") => result with { NoNewPrivileges = true },
                ("no-new-privileges", "false") => result with { NoNewPrivileges = false },
                ("seccomp", "unconfined") => result with { SeccompUnconfined = true },
                ("seccomp", "builtin") => result,
                ("seccomp", { Length: > 0 and <= 1024 * 1024 }) => result with { SeccompProfile = value, SeccompUnconfined = false },
                ("systempaths", "unconfined") => result with { PathsUnconfined = true },
                ("apparmor", "unconfined") or ("label", "disable") => result,
                ("apparmor", _) => throw EngineException.NotImplemented($"HostConfig.SecurityOpt: AppArmor profiles are not available yet: use apparmor=unconfined or leave \"{option}\" out"),
                ("label", _) => throw EngineException.NotImplemented($"HostConfig.SecurityOpt: SELinux labels are not available: use label=disable or leave \"{option}\" out"),
                _ => throw EngineException.Invalid($"HostConfig.SecurityOpt: invalid --security-opt: \"{option}\": use no-new-privileges, seccomp=…, apparmor=unconfined, label=disable or systempaths=unconfined"),
            };
        }
        return result;
    }
}
