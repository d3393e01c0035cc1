namespace Berth.Compose.Planning;

/// <summary>The labels by which docker compose and Berth know what belongs to a project.</summary>
public static class ComposeLabels
{
    /// <summary>The project.</summary>
    public const string Project = "com.docker.compose.project";

    /// <summary>The service.</summary>
    public const string Service = "com.docker.compose.service";

    /// <summary>Number of a container within its service, from 1.</summary>
    public const string Number = "com.docker.compose.container-number";

    /// <summary><c>True</c> for containers of <c>run</c>.</summary>
    public const string OneOff = "com.docker.compose.oneoff";

    /// <summary>Digest of what it was made from.</summary>
    public const string Hash = "com.docker.compose.config-hash";

    /// <summary>Files of the project, separated by commas.</summary>
    public const string Files = "com.docker.compose.project.config_files";

    /// <summary>Directory of the project.</summary>
    public const string Directory = "com.docker.compose.project.working_dir";

    /// <summary>Dependencies as <c>service:condition:restart</c>, separated by commas.</summary>
    public const string DependsOn = "com.docker.compose.depends_on";

    /// <summary>Id of the image.</summary>
    public const string Image = "com.docker.compose.image";

    /// <summary>Name of a network in the file.</summary>
    public const string Network = "com.docker.compose.network";

    /// <summary>Name of a volume in the file.</summary>
    public const string Volume = "com.docker.compose.volume";
}
