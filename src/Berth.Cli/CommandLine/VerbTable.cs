using Berth.Cli.Compose;

namespace Berth.Cli.CommandLine;

/// <summary>Every command line word, for help and completion. A verb is one line here, one in <see cref="VerbFactory"/>, and a file of its own.</summary>
internal static class VerbTable
{
    /// <summary>Groups of verbs.</summary>
    public static readonly (string Name, string Summary)[] Groups =
    [
        ("container", "Verbs on containers, as docker groups them"),
        ("image", "Verbs on images"),
        ("builder", "Verbs on the build cache"),
        ("volume", "Verbs on volumes"),
        ("network", "Verbs on networks"),
        ("vm", "Verbs on virtual machines"),
        ("kernel", "Verbs on the kernels that virtual machines boot"),
        ("registry", "Serve images to others"),
        ("system", "Verbs on the whole engine"),
        ("daemon", "Start and stop the background process"),
    ];

    private static readonly VerbEntry[] s_containers =
    [
        new("run", "Create and run a container"),
        new("create", "Create a container without starting it"),
        new("start", "Start created or stopped containers"),
        new("stop", "Ask containers to end, then end them"),
        new("restart", "Stop and start containers"),
        new("kill", "Send a signal to containers"),
        new("rm", "Remove containers"),
        new("logs", "Show the output of a container"),
        new("attach", "Connect to a running container's streams"),
        new("exec", "Run a command in a running container"),
        new("top", "List the processes of a container"),
        new("stats", "Show what containers use, live"),
        new("wait", "Wait until containers end and print their exit codes"),
        new("pause", "Freeze every process of containers"),
        new("unpause", "Let frozen containers go on"),
        new("rename", "Give a container another name"),
        new("update", "Change limits of containers while they run"),
        new("diff", "List what changed in a container's file system"),
        new("cp", "Copy files between a container and the host"),
        new("commit", "Make an image of a container"),
        new("export", "Write a container's file system as a tar archive"),
        new("port", "List published ports"),
    ];

    private static readonly VerbEntry[] s_all =
    [
        .. s_containers,
        new("ps", "List containers"),
        new("compose", "Run the services that a compose file describes"),
        new("inspect", "Show everything about containers or images"),
        new("events", "Show what happens, as it happens"),
        new("build", "Build an image from a Dockerfile"),
        new("images", "List images"),
        new("tag", "Give an image another name"),
        new("rmi", "Remove images"),
        new("history", "Show how an image was made"),
        new("save", "Write images to a tar archive"),
        new("load", "Read images from an archive"),
        new("import", "Make an image of a root file system archive"),
        new("pull", "Get an image from a registry"),
        new("push", "Send an image to a registry"),
        new("login", "Log in to a registry"),
        new("logout", "Forget the credentials for a registry"),
        new("info", "Show the engine and its host"),
        new("version", "Show versions of client and daemon"),
        new("doctor", "Check what this host offers and what is missing"),
        new("completion", "Print a completion script for a shell"),
        .. s_containers.Select(entry => entry with { Path = "container " + entry.Path }),
        new("container ls", "List containers"),
        new("container list", "List containers", Hidden: true),
        new("container ps", "List containers", Hidden: true),
        new("container inspect", "Show everything about containers"),
        new("container prune", "Remove all stopped containers"),
        new("image build", "Build an image from a Dockerfile"),
        new("builder build", "Build an image from a Dockerfile"),
        new("builder prune", "Empty the build cache"),
        new("image ls", "List images"),
        new("image list", "List images", Hidden: true),
        new("image inspect", "Show everything about images"),
        new("image history", "Show how an image was made"),
        new("image tag", "Give an image another name"),
        new("image rm", "Remove images"),
        new("image remove", "Remove images", Hidden: true),
        new("image save", "Write images to a tar archive"),
        new("image load", "Read images from an archive"),
        new("image import", "Make an image of a root file system archive"),
        new("image pull", "Get an image from a registry"),
        new("image push", "Send an image to a registry"),
        new("image prune", "Remove unused images"),
        new("image bootstrap", "Make busybox or debian from distribution packages"),
        new("volume ls", "List volumes"),
        new("volume list", "List volumes", Hidden: true),
        new("volume create", "Make a volume"),
        new("volume inspect", "Show everything about volumes"),
        new("volume rm", "Remove volumes"),
        new("volume remove", "Remove volumes", Hidden: true),
        new("volume prune", "Remove unused volumes"),
        new("network ls", "List networks"),
        new("network list", "List networks", Hidden: true),
        new("network create", "Make a network"),
        new("network inspect", "Show everything about networks"),
        new("network connect", "Connect a container to a network"),
        new("network disconnect", "Take a container off a network"),
        new("network rm", "Remove networks"),
        new("network remove", "Remove networks", Hidden: true),
        new("network prune", "Remove unused networks"),
        new("vm console", "Show the serial console of a virtual machine, with history and live"),
        new("kernel ls", "List kernels"),
        new("kernel list", "List kernels", Hidden: true),
        new("kernel import", "Take a kernel in from a file"),
        new("kernel rm", "Remove kernels"),
        new("kernel remove", "Remove kernels", Hidden: true),
        new("kernel pull", "Fetch the default kernel, Debian's, if it is missing"),
        new("registry serve", "Serve a directory as a registry"),
        new("registry gc", "Delete what no repository of a registry needs"),
        new("registry htpasswd", "Set the password of a registry's user, read from standard input"),
        new("system df", "Show how much disk the engine uses"),
        new("system info", "Show the engine and its host"),
        new("system events", "Show what happens, as it happens"),
        new("system prune", "Remove everything unused"),
        new("daemon start", "Start the daemon if it does not run"),
        new("daemon stop", "Stop the daemon; containers run on"),
        new("daemon status", "Show whether the daemon runs"),
        new("daemon logs", "Show the daemon's own messages"),
        new("container remove", "Remove containers", Hidden: true),
        new("__complete", "Candidates for the word under the cursor", Hidden: true),
    ];

    /// <summary>Every verb.</summary>
    public static IReadOnlyList<VerbEntry> All => s_all;

    /// <summary>Words that may follow <paramref name="group"/> (empty: the first word).</summary>
    public static IReadOnlyList<string> Children(string group)
    {
        if (group.Length == 0)
        {
            return [.. s_all.Where(entry => !entry.Hidden && !entry.Path.Contains(' ', StringComparison.Ordinal)).Select(entry => entry.Path), .. Groups.Select(g => g.Name)];
        }
        return [.. s_all.Where(entry => !entry.Hidden && entry.Path.StartsWith(group + " ", StringComparison.Ordinal)).Select(entry => entry.Path[(group.Length + 1)..])];
    }

    /// <summary>The line of help of a verb or group.</summary>
    public static string SummaryOf(string path) =>
        path.StartsWith("compose ", StringComparison.Ordinal) ? ComposeVerbs.All.FirstOrDefault(entry => entry.Path == path["compose ".Length..])?.Summary ?? ""
        : Lookup(path)?.Summary ?? Groups.FirstOrDefault(group => group.Name == path).Summary ?? "";

    private static VerbEntry? Lookup(string path)
    {
        foreach (var entry in s_all)
        {
            if (entry.Path == path)
            {
                return entry;
            }
        }
        return null;
    }
}
