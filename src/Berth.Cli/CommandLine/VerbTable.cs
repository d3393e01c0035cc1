using Berth.Cli.Commands;

namespace Berth.Cli.CommandLine;

/// <summary>Every command line word and what it calls. A verb is added here, one line, and in a file of its own.</summary>
internal static class VerbTable
{
    /// <summary>Groups of verbs.</summary>
    public static readonly (string Name, string Summary)[] Groups =
    [
        ("container", "Verbs on containers, as docker groups them"),
        ("image", "Verbs on images"),
        ("volume", "Verbs on volumes"),
        ("system", "Verbs on the whole engine"),
        ("daemon", "Start and stop the background process"),
    ];

    private static readonly VerbEntry[] s_containers =
    [
        new("run", "Create and run a container", () => new RunVerb()),
        new("create", "Create a container without starting it", () => new CreateVerb()),
        new("start", "Start created or stopped containers", () => new StartVerb()),
        new("stop", "Ask containers to end, then end them", () => new StopVerb()),
        new("restart", "Stop and start containers", () => new RestartVerb()),
        new("kill", "Send a signal to containers", () => new KillVerb()),
        new("rm", "Remove containers", () => new RemoveVerb()),
        new("logs", "Show the output of a container", () => new LogsVerb()),
        new("attach", "Connect to a running container's streams", () => new AttachVerb()),
        new("exec", "Run a command in a running container", () => new ExecVerb()),
        new("top", "List the processes of a container", () => new TopVerb()),
        new("stats", "Show what containers use, live", () => new StatsVerb()),
        new("wait", "Wait until containers end and print their exit codes", () => new WaitVerb()),
        new("pause", "Freeze every process of containers", () => new PauseVerb()),
        new("unpause", "Let frozen containers go on", () => new UnpauseVerb()),
        new("rename", "Give a container another name", () => new RenameVerb()),
        new("update", "Change limits of containers while they run", () => new UpdateVerb()),
        new("diff", "List what changed in a container's file system", () => new DiffVerb()),
        new("cp", "Copy files between a container and the host", () => new CopyVerb()),
        new("commit", "Make an image of a container", () => new CommitVerb()),
        new("export", "Write a container's file system as a tar archive", () => new ExportVerb()),
        new("port", "List published ports", () => new PortVerb()),
    ];

    private static readonly VerbEntry[] s_all =
    [
        .. s_containers,
        new("ps", "List containers", () => new PsVerb()),
        new("inspect", "Show everything about containers or images", () => new InspectVerb(null)),
        new("events", "Show what happens, as it happens", () => new EventsVerb()),
        new("images", "List images", () => new ImagesVerb()),
        new("tag", "Give an image another name", () => new TagVerb()),
        new("rmi", "Remove images", () => new RemoveImageVerb()),
        new("history", "Show how an image was made", () => new HistoryVerb()),
        new("save", "Write images to a tar archive", () => new SaveVerb()),
        new("load", "Read images from an archive", () => new LoadVerb()),
        new("import", "Make an image of a root file system archive", () => new ImportVerb()),
        new("pull", "Get an image", () => new PullVerb()),
        new("info", "Show the engine and its host", () => new InfoVerb()),
        new("version", "Show versions of client and daemon", () => new VersionVerb()),
        new("doctor", "Check what this host offers and what is missing", () => new DoctorVerb()),
        new("completion", "Print a completion script for a shell", () => new CompletionVerb()),
        .. s_containers.Select(entry => entry with { Path = "container " + entry.Path }),
        new("container ls", "List containers", () => new PsVerb()),
        new("container list", "List containers", () => new PsVerb(), Hidden: true),
        new("container ps", "List containers", () => new PsVerb(), Hidden: true),
        new("container inspect", "Show everything about containers", () => new InspectVerb("container")),
        new("container prune", "Remove all stopped containers", () => new PruneVerb(PruneTarget.Containers)),
        new("image ls", "List images", () => new ImagesVerb()),
        new("image list", "List images", () => new ImagesVerb(), Hidden: true),
        new("image inspect", "Show everything about images", () => new InspectVerb("image")),
        new("image history", "Show how an image was made", () => new HistoryVerb()),
        new("image tag", "Give an image another name", () => new TagVerb()),
        new("image rm", "Remove images", () => new RemoveImageVerb()),
        new("image remove", "Remove images", () => new RemoveImageVerb(), Hidden: true),
        new("image save", "Write images to a tar archive", () => new SaveVerb()),
        new("image load", "Read images from an archive", () => new LoadVerb()),
        new("image import", "Make an image of a root file system archive", () => new ImportVerb()),
        new("image pull", "Get an image", () => new PullVerb()),
        new("image prune", "Remove unused images", () => new PruneVerb(PruneTarget.Images)),
        new("image bootstrap", "Make busybox or debian from distribution packages", () => new BootstrapVerb()),
        new("volume ls", "List volumes", () => new VolumeListVerb()),
        new("volume list", "List volumes", () => new VolumeListVerb(), Hidden: true),
        new("volume create", "Make a volume", () => new VolumeCreateVerb()),
        new("volume inspect", "Show everything about volumes", () => new InspectVerb("volume")),
        new("volume rm", "Remove volumes", () => new VolumeRemoveVerb()),
        new("volume remove", "Remove volumes", () => new VolumeRemoveVerb(), Hidden: true),
        new("volume prune", "Remove unused volumes", () => new PruneVerb(PruneTarget.Volumes)),
        new("system df", "Show how much disk the engine uses", () => new DiskUsageVerb()),
        new("system info", "Show the engine and its host", () => new InfoVerb()),
        new("system events", "Show what happens, as it happens", () => new EventsVerb()),
        new("system prune", "Remove everything unused", () => new SystemPruneVerb()),
        new("daemon start", "Start the daemon if it does not run", () => new DaemonStartVerb()),
        new("daemon stop", "Stop the daemon; containers run on", () => new DaemonStopVerb()),
        new("daemon status", "Show whether the daemon runs", () => new DaemonStatusVerb()),
        new("daemon logs", "Show the daemon's own messages", () => new DaemonLogsVerb()),
        new("container remove", "Remove containers", () => new RemoveVerb(), Hidden: true),
        new("__complete", "Candidates for the word under the cursor", () => new CompleteVerb(), Hidden: true),
    ];

    /// <summary>Every verb.</summary>
    public static IReadOnlyList<VerbEntry> All => s_all;

    /// <summary>The verb that the first words select and how many words that takes; null when they select none.</summary>
    public static (VerbEntry? Entry, int Used) Find(ReadOnlySpan<string> words)
    {
        if (words.Length > 1 && IsGroup(words[0]))
        {
            return Lookup($"{words[0]} {words[1]}") is { } inGroup ? (inGroup, 2) : (null, 1);
        }
        if (IsGroup(words[0]))
        {
            return (null, 1);
        }
        return Lookup(words[0]) is { } entry ? (entry, 1) : (null, 0);
    }

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
        Lookup(path)?.Summary ?? Groups.FirstOrDefault(group => group.Name == path).Summary ?? "";

    private static bool IsGroup(string word)
    {
        foreach (var (name, _) in Groups)
        {
            if (name == word)
            {
                return true;
            }
        }
        return false;
    }

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
