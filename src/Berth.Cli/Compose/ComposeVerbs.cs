using Berth.Cli.CommandLine;
using Berth.Cli.Compose.Verbs;

namespace Berth.Cli.Compose;

/// <summary>The verbs of <c>berth compose</c>, for help and completion. A verb is one line here, one in <see cref="Create"/>, and a file of its own.</summary>
internal static class ComposeVerbs
{
    /// <summary>Names and lines of help.</summary>
    public static readonly VerbEntry[] All =
    [
        new("up", "Create and start the services; only what changed is created anew"),
        new("down", "Stop and remove containers and networks"),
        new("ps", "List the containers of the project"),
        new("ls", "List projects"),
        new("logs", "Show the output of services, merged"),
        new("exec", "Run a command in a running container of a service"),
        new("run", "Run a command in a container of its own"),
        new("config", "Check the project and print it in canonical form"),
        new("pull", "Get the images of services"),
        new("build", "Build the images of services"),
        new("create", "Create containers without starting them"),
        new("start", "Start containers that are there"),
        new("stop", "Stop containers"),
        new("restart", "Stop and start containers"),
        new("rm", "Remove stopped containers"),
        new("kill", "Send a signal to containers"),
        new("pause", "Freeze containers"),
        new("unpause", "Let frozen containers go on"),
        new("scale", "Set the number of containers of services"),
        new("events", "Show what happens to containers of the project"),
        new("images", "List the images of containers"),
        new("port", "Print where a port of a service is published"),
        new("top", "List processes of services"),
        new("cp", "Copy files between a service and the host"),
        new("wait", "Wait until containers of services end"),
        new("version", "Show the version"),
    ];

    /// <summary>The verb of that name, or null.</summary>
    public static Verb? Create(string name, ComposeFlags flags) => name switch
    {
        "up" => new ComposeUpVerb(flags),
        "down" => new ComposeDownVerb(flags),
        "ps" => new ComposePsVerb(flags),
        "ls" => new ComposeListVerb(flags),
        "logs" => new ComposeLogsVerb(flags),
        "exec" => new ComposeExecVerb(flags),
        "run" => new ComposeRunVerb(flags),
        "config" or "convert" => new ComposeConfigVerb(flags),
        "pull" => new ComposePullVerb(flags),
        "build" => new ComposeBuildVerb(flags),
        "create" => new ComposeCreateVerb(flags),
        "start" => new ComposeStartVerb(flags),
        "stop" => new ComposeStopVerb(flags),
        "restart" => new ComposeRestartVerb(flags),
        "rm" => new ComposeRemoveVerb(flags),
        "kill" => new ComposeKillVerb(flags),
        "pause" => new ComposePauseVerb(flags, "pause", "Paused"),
        "unpause" => new ComposePauseVerb(flags, "unpause", "Unpaused"),
        "scale" => new ComposeScaleVerb(flags),
        "events" => new ComposeEventsVerb(flags),
        "images" => new ComposeImagesVerb(flags),
        "port" => new ComposePortVerb(flags),
        "top" => new ComposeTopVerb(flags),
        "cp" => new ComposeCopyVerb(flags),
        "wait" => new ComposeWaitVerb(flags),
        "version" => new ComposeVersionVerb(flags),
        _ => null,
    };
}
