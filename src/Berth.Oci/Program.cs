using System.Reflection;
using Berth.Containers.Cgroups;
using Berth.Containers.Lifecycle;
using Berth.Containers.Spec;
using Berth.Linux;
using Berth.Oci;
using Berth.Oci.Commands;
using Berth.Oci.State;

return Program.Run(args);

/// <summary>The runtime as a command line, for engines such as podman and containerd. [OCI-RT] runtime.md.</summary>
internal static partial class Program
{
    /// <summary>The edition of the specification that is followed.</summary>
    public const string SpecVersion = "1.2.0";

    private static readonly (string Name, string Usage, string Summary, Func<Session, IReadOnlyList<string>, int> Run)[] s_commands =
    [
        ("create", "create [-b BUNDLE] [--console-socket PATH] [--pid-file FILE] ID", "make a container whose process waits to be started", CreateCommand.Run),
        ("start", "start ID", "let a created container's process run", StartCommand.Run),
        ("run", "run [-d] [-b BUNDLE] [--console-socket PATH] [--pid-file FILE] ID", "create, start, wait and delete", RunCommand.Run),
        ("state", "state ID", "print the state as JSON", StateCommand.Run),
        ("kill", "kill [-a] ID [SIGNAL]", "send a signal (TERM) to the first process, or to all", KillCommand.Run),
        ("delete", "delete [-f] ID", "remove a container that has ended", DeleteCommand.Run),
        ("exec", "exec [-d] [-e K=V] [-u UID[:GID]] [--cwd DIR] ID COMMAND… | exec -p FILE ID", "run one more process in a container", ExecCommand.Run),
        ("list", "list [-q] [-f table|json]", "list containers", ListCommand.Run),
        ("ps", "ps [-f table|json] ID", "list a container's processes", PsCommand.Run),
        ("pause", "pause ID", "stop all processes", PauseCommand.Pause),
        ("resume", "resume ID", "let paused processes run again", PauseCommand.Resume),
        ("update", "update -r FILE|- ID", "set other limits", UpdateCommand.Run),
        ("events", "events [--stats] [--interval 5s] ID", "print usage and kills for lack of memory as JSON, until the container ends or once", EventsCommand.Run),
        ("features", "features", "print what this runtime can do", FeaturesCommand.Run),
        ("checkpoint", "checkpoint ID", "refused: processes cannot be kept on disk", CheckpointCommand.Checkpoint),
        ("restore", "restore ID", "refused, likewise", CheckpointCommand.Restore),
    ];

    /// <summary>This build.</summary>
    public static string Version { get; } = typeof(Program).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    public static int Run(string[] arguments)
    {
        Log log = new(null, false);
        try
        {
            Arguments global = Arguments.Parse(arguments, ["help|h", "version|v", "debug", "systemd-cgroup"], ["root", "log", "log-format", "log-level", "cgroup-manager", "rootless", "criu"]);
            if (global.Has("version"))
            {
                Console.Out.WriteLine($"berth-oci version {Version}\nspec: {SpecVersion}");
                return 0;
            }
            if (global.Has("help") || global.Words is [] or ["help"])
            {
                Help();
                return 0;
            }
            log = new Log(global.Value("log"), global.Value("log-format") == "json");
            if (global.Has("systemd-cgroup") || global.Value("cgroup-manager") == "systemd")
                throw new OciException("cgroups are made directly, not through systemd: use the cgroupfs manager (podman --cgroup-manager cgroupfs)");
            string name = global.Words[0];
            foreach ((string command, _, _, Func<Session, IReadOnlyList<string>, int> run) in s_commands)
            {
                if (command == name) return run(new Session(new ContainerStore(global.Value("root") ?? ContainerStore.DefaultRoot), log), [.. global.Words.Skip(1)]);
            }
            throw new OciException($"unknown command {name}; see berth-oci --help");
        }
        catch (ContainerStartException e)
        {
            log.Error(e.Message);
            return e.ExitCode;
        }
        catch (Exception e) when (e is OciException or SpecException or CgroupException or LinuxException or IOException or UnauthorizedAccessException)
        {
            log.Error(e.Message);
            return 1;
        }
    }

    private static void Help()
    {
        Console.Out.WriteLine($"""
            Usage: berth-oci [--root DIR] [--log FILE] [--log-format text|json] COMMAND

            Berth's container runtime by the OCI runtime specification {SpecVersion}. Containers are kept in {ContainerStore.DefaultRoot} unless --root says otherwise.

            """);
        foreach ((_, string usage, string summary, _) in s_commands) Console.Out.WriteLine($"  {usage}\n        {summary}");
        Console.Out.WriteLine("""

            Examples:
              podman --runtime /usr/local/bin/berth-oci --cgroup-manager cgroupfs run --rm busybox true
              ctr run --rm --runtime io.containerd.runc.v2 --runc-binary /usr/local/bin/berth-oci IMAGE ID true
              berth-oci run -b ./bundle c1
            """);
    }
}
