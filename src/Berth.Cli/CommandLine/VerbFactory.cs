using Berth.Cli.Commands;

namespace Berth.Cli.CommandLine;

/// <summary>Makes the verb that the words select, and nothing else: a call pays for no other verb.</summary>
internal static class VerbFactory
{
    /// <summary>The verb that the first words select and how many words that takes; null when they select none.</summary>
    public static Verb? Find(ReadOnlySpan<string> words, out int used)
    {
        if (IsGroup(words[0]))
        {
            var inGroup = words.Length > 1 ? Create($"{words[0]} {words[1]}") : null;
            used = inGroup is null ? 1 : 2;
            return inGroup;
        }
        var verb = Create(words[0]);
        used = verb is null ? 0 : 1;
        return verb;
    }

    /// <summary>The verb of that path, or null.</summary>
    public static Verb? Create(string path) => path switch
    {
        "run" or "container run" => new RunVerb(),
        "create" or "container create" => new CreateVerb(),
        "start" or "container start" => new StartVerb(),
        "stop" or "container stop" => new StopVerb(),
        "restart" or "container restart" => new RestartVerb(),
        "kill" or "container kill" => new KillVerb(),
        "rm" or "container rm" or "container remove" => new RemoveVerb(),
        "logs" or "container logs" => new LogsVerb(),
        "attach" or "container attach" => new AttachVerb(),
        "exec" or "container exec" => new ExecVerb(),
        "top" or "container top" => new TopVerb(),
        "stats" or "container stats" => new StatsVerb(),
        "wait" or "container wait" => new WaitVerb(),
        "pause" or "container pause" => new PauseVerb(),
        "unpause" or "container unpause" => new UnpauseVerb(),
        "rename" or "container rename" => new RenameVerb(),
        "update" or "container update" => new UpdateVerb(),
        "diff" or "container diff" => new DiffVerb(),
        "cp" or "container cp" => new CopyVerb(),
        "commit" or "container commit" => new CommitVerb(),
        "export" or "container export" => new ExportVerb(),
        "port" or "container port" => new PortVerb(),
        "ps" or "container ls" or "container list" or "container ps" => new PsVerb(),
        "compose" => new ComposeVerb(),
        "inspect" => new InspectVerb(null),
        "events" or "system events" => new EventsVerb(),
        "build" or "image build" or "builder build" => new BuildVerb(),
        "builder prune" => new PruneVerb(PruneTarget.Builds),
        "images" or "image ls" or "image list" => new ImagesVerb(),
        "tag" or "image tag" => new TagVerb(),
        "rmi" or "image rm" or "image remove" => new RemoveImageVerb(),
        "history" or "image history" => new HistoryVerb(),
        "save" or "image save" => new SaveVerb(),
        "load" or "image load" => new LoadVerb(),
        "import" or "image import" => new ImportVerb(),
        "pull" or "image pull" => new PullVerb(),
        "push" or "image push" => new PushVerb(),
        "login" => new LoginVerb(),
        "logout" => new LogoutVerb(),
        "registry serve" => new RegistryServeVerb(),
        "registry gc" => new RegistryCollectVerb(),
        "registry htpasswd" => new RegistryUserVerb(),
        "info" or "system info" => new InfoVerb(),
        "version" => new VersionVerb(),
        "doctor" => new DoctorVerb(),
        "completion" => new CompletionVerb(),
        "container inspect" => new InspectVerb("container"),
        "container prune" => new PruneVerb(PruneTarget.Containers),
        "image inspect" => new InspectVerb("image"),
        "image prune" => new PruneVerb(PruneTarget.Images),
        "image bootstrap" => new BootstrapVerb(),
        "volume ls" or "volume list" => new VolumeListVerb(),
        "volume create" => new VolumeCreateVerb(),
        "volume inspect" => new InspectVerb("volume"),
        "volume rm" or "volume remove" => new VolumeRemoveVerb(),
        "volume prune" => new PruneVerb(PruneTarget.Volumes),
        "network ls" or "network list" => new NetworkListVerb(),
        "network create" => new NetworkCreateVerb(),
        "network inspect" => new InspectVerb("network"),
        "network rm" or "network remove" => new NetworkRemoveVerb(),
        "network connect" => new NetworkConnectVerb(),
        "network disconnect" => new NetworkDisconnectVerb(),
        "network prune" => new PruneVerb(PruneTarget.Networks),
        "vm console" => new VmConsoleVerb(),
        "kernel ls" or "kernel list" => new KernelListVerb(),
        "kernel import" => new KernelImportVerb(),
        "kernel rm" or "kernel remove" => new KernelRemoveVerb(),
        "kernel pull" => new KernelPullVerb(),
        "system df" => new DiskUsageVerb(),
        "system prune" => new SystemPruneVerb(),
        "daemon start" => new DaemonStartVerb(),
        "daemon stop" => new DaemonStopVerb(),
        "daemon status" => new DaemonStatusVerb(),
        "daemon logs" => new DaemonLogsVerb(),
        "__complete" => new CompleteVerb(),
        _ => null,
    };

    private static bool IsGroup(string word) =>
        word is "container" or "image" or "builder" or "volume" or "network" or "vm" or "kernel" or "registry" or "system" or "daemon";
}
