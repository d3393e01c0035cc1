using System.Text;

namespace Berth.Containers.Security;

/// <summary>What <c>--security-opt</c> asked for.</summary>
public sealed record SecurityOptions
{
    /// <summary>No system call filter at all.</summary>
    public bool SeccompUnconfined { get; init; }

    /// <summary>The user's own profile, or null for the default one.</summary>
    public SeccompProfile? Seccomp { get; init; }

    /// <summary>Set-user-ID programs and file capabilities give nothing.</summary>
    public bool NoNewPrivileges { get; init; }

    /// <summary>No masked and no read-only paths.</summary>
    public bool SystemPathsUnconfined { get; init; }

    /// <summary>The cgroup file system is writable in the container; cgroup v2 with a private namespace only.</summary>
    public bool WritableCgroups { get; init; }

    /// <summary>
    /// Reads the options of the API's <c>HostConfig.SecurityOpt</c>, where a seccomp profile stands as JSON text
    /// (the command line reads the file and puts the text there).
    /// </summary>
    /// <exception cref="ArgumentException">Malformed, unknown, or asking for a protection this host does not have.</exception>
    /// <exception cref="SeccompException">The profile is unsound.</exception>
    public static SecurityOptions Parse(IReadOnlyList<string> options)
    {
        var parsed = new SecurityOptions();
        foreach (string option in options)
            parsed = parsed.With(option);
        return parsed;
    }

    private SecurityOptions With(string option)
    {
        if (option == "no-new-privileges")
            return this with { NoNewPrivileges = true };
        if (option == "disable") // an old form of label=disable
            return this;
        // The old separator is a colon; a profile's JSON holds colons itself, so the equals sign is looked for first.
        int separator = option.IndexOf('=');
        if (separator < 0)
            separator = option.IndexOf(':');
        if (separator <= 0)
            throw new ArgumentException($"invalid --security-opt: \"{Shorten(option)}\"; write it as name=value");
        string name = option[..separator], value = option[(separator + 1)..];
        return name switch
        {
            "seccomp" => WithSeccomp(value),
            "no-new-privileges" => this with { NoNewPrivileges = Flag(name, value) },
            "systempaths" => value == "unconfined" ? this with { SystemPathsUnconfined = true } : throw Invalid(name, value, "unconfined"),
            "writable-cgroups" => this with { WritableCgroups = Flag(name, value) },
            "apparmor" => value == "unconfined" ? this
                : throw new ArgumentException($"invalid --security-opt apparmor={Shorten(value)}: AppArmor profiles are not supported; use apparmor=unconfined or leave it out"),
            "label" => value == "disable" ? this
                : throw new ArgumentException($"invalid --security-opt label={Shorten(value)}: SELinux labels are not supported; use label=disable or leave it out"),
            _ => throw new ArgumentException($"invalid --security-opt: \"{Shorten(name)}\" is unknown; use seccomp, no-new-privileges, systempaths, apparmor or label"),
        };
    }

    private SecurityOptions WithSeccomp(string value) => value switch
    {
        "unconfined" => this with { SeccompUnconfined = true, Seccomp = null },
        "builtin" => this with { SeccompUnconfined = false, Seccomp = null },
        _ when value.TrimStart().StartsWith('{') => this with { SeccompUnconfined = false, Seccomp = SeccompProfile.Parse(Encoding.UTF8.GetBytes(value)) },
        _ => throw new ArgumentException($"invalid --security-opt seccomp={Shorten(value)}: give unconfined, builtin or the profile's JSON text"),
    };

    private static bool Flag(string name, string value) => value switch
    {
        "true" or "1" => true,
        "false" or "0" => false,
        _ => throw Invalid(name, value, "true or false"),
    };

    private static ArgumentException Invalid(string name, string value, string allowed) =>
        new($"invalid --security-opt {name}={Shorten(value)}: use {allowed}");

    private static string Shorten(string text) => text.Length <= 60 ? text : text[..57] + "...";
}
