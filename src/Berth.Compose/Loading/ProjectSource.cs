namespace Berth.Compose.Loading;

/// <summary>Which project is meant, as the command line and the environment say.</summary>
public sealed record ProjectSource
{
    /// <summary>Files of <c>-f</c>; without any, those of COMPOSE_FILE, else the usual names in the working directory or above it. <c>-</c> is standard input.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>Name of <c>-p</c>.</summary>
    public string? Name { get; init; }

    /// <summary>Profiles of <c>--profile</c>; without any, those of COMPOSE_PROFILES.</summary>
    public IReadOnlyList<string> Profiles { get; init; } = [];

    /// <summary>Files of <c>--env-file</c>; without any, <c>.env</c> in the project's directory.</summary>
    public IReadOnlyList<string> EnvFiles { get; init; } = [];

    /// <summary>Directory of <c>--project-directory</c>; without it, that of the first file.</summary>
    public string? Directory { get; init; }

    /// <summary>Where relative names begin.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>Services named on the command line: their profiles are active.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>The caller's environment.</summary>
    public required Func<string, string?> Environment { get; init; }

    /// <summary>Takes warnings.</summary>
    public Action<string> Warn { get; init; } = _ => { };

    /// <summary>Reads the file <c>-</c>; asked twice, it gives the same text.</summary>
    public Func<string> ReadInput { get; init; } = () => "";
}
