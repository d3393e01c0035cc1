using Berth.Cli.CommandLine;

namespace Berth.Cli.Compose;

/// <summary>The flags before the verb of <c>berth compose</c>: which project is meant.</summary>
internal sealed class ComposeFlags
{
    public readonly ListFlag File = new("file", 'f', "FILE", "Compose file; more than one are merged in their order, - is standard input") { Completes = CompletionSource.Files };
    public readonly TextFlag ProjectName = new("project-name", 'p', "NAME", "Name of the project");
    public readonly ListFlag Profile = new("profile", "PROFILE", "Activate the services of a profile, * for all");
    public readonly ListFlag EnvFile = new("env-file", "FILE", "File of variables in place of .env") { Completes = CompletionSource.Files };
    public readonly TextFlag ProjectDirectory = new("project-directory", "DIRECTORY", "Where relative paths begin (default: the directory of the first file)") { Completes = CompletionSource.Files };
    public readonly TextFlag Progress = new("progress", "auto|tty|plain|quiet", "How progress is shown");
    public readonly TextFlag Ansi = new("ansi", "never|always|auto", "When to use colours");

    /// <summary>All of them.</summary>
    public Flag[] All => [File, ProjectName, Profile, EnvFile, ProjectDirectory, Progress, Ansi];
}
