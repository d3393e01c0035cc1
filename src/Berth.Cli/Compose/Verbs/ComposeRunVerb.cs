using System.Text.Json.Nodes;
using Berth.Cli.CommandLine;
using Berth.Cli.Commands;
using Berth.Cli.Parsing;
using Berth.Compose.Model;
using Berth.Compose.Planning;
using Berth.Compose.Running;
using Berth.Linux;

namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose run</c>: a container of its own with the settings of a service, behind its dependencies.</summary>
internal sealed class ComposeRunVerb(ComposeFlags flags) : ComposeCommand(flags)
{
    private readonly BoolFlag _remove = new("rm", "Remove the container when it ends");
    private readonly BoolFlag _detach = new("detach", 'd', "Run in the background and print the container's name");
    private readonly BoolFlag _noTty = new("no-TTY", 'T', "No terminal");
    private readonly BoolFlag _interactive = new("interactive", 'i', "Pass standard input on (default)") { Value = true };
    private readonly BoolFlag _tty = new("tty", 't', "For compatibility") { Hidden = true };
    private readonly BoolFlag _noDeps = new("no-deps", "Leave dependencies alone");
    private readonly BoolFlag _servicePorts = new("service-ports", 'P', "Publish the service's ports");
    private readonly BoolFlag _aliases = new("use-aliases", "Give it the service's names in its networks");
    private readonly BoolFlag _build = new("build", "Build the image first");
    private readonly TextFlag _pull = new("pull", "always|missing|never", "When to get images");
    private readonly TextFlag _name = new("name", "NAME", "Name of the container");
    private readonly TextFlag _entrypoint = new("entrypoint", "COMMAND", "Run this instead of the entrypoint");
    private readonly TextFlag _user = new("user", 'u', "USER[:GROUP]", "User to run as");
    private readonly TextFlag _workdir = new("workdir", 'w', "PATH", "Working directory");
    private readonly ListFlag _env = new("env", 'e', "NAME[=VALUE]", "Set an environment variable");
    private readonly ListFlag _label = new("label", 'l', "NAME[=VALUE]", "Attach a label");
    private readonly ListFlag _volume = new("volume", 'v', "SOURCE:TARGET[:OPTIONS]", "Mount a host path or a volume");
    private readonly ListFlag _publish = new("publish", 'p', "[HOST:]PORT", "Publish a port");
    private readonly BoolFlag _quietPull = new("quiet-pull", "For compatibility") { Hidden = true };

    public override string Usage => "[OPTIONS] SERVICE [COMMAND] [ARG...]";

    public override IReadOnlyList<string> Examples => ["compose run --rm web sh", "compose run --rm -e DEBUG=1 --entrypoint make tests all", "compose run -d --no-deps worker"];

    public override Flag[] Flags =>
        [_remove, _detach, _noTty, _interactive, _tty, _noDeps, _servicePorts, _aliases, _build, _pull, _name, _entrypoint, _user, _workdir, _env, _label, _volume, _publish, _quietPull];

    public override int MinimumArguments => 1;

    public override bool StopAtFirstArgument => true;

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        var project = session.Load(arguments[0]);
        var service = project.Service(arguments[0]);
        var options = new ImageOptions { Build = _build.Value, Pull = _pull.Value };
        ImagePreparation preparation = new(session.Engine, session.Progress, TimeProvider.System);
        var images = preparation.Prepare(UpPlanner.Targets(project, new UpOptions { Services = [service.Name], NoDependencies = _noDeps.Value }), options);
        var plan = UpPlanner.Plan(project, session.State.Read(project.Name) with { Images = images }, Before(service));
        if (!session.Run(project, plan, images: images))
        {
            return 1;
        }
        if (!_noDeps.Value)
        {
            var waiting = OneOffRun.Conditions(service, session.State.Read(project.Name));
            if (!session.Run(project, waiting))
            {
                return 1;
            }
        }
        var tty = !_noTty.Value && !_detach.Value && Libc.IsTerminal(session.Context.StdIn) && Libc.IsTerminal(session.Context.StdOut);
        var id = Create(session, project, Changed(service, [.. arguments.Skip(1)], tty), images);
        return _detach.Value ? Detached(session, id) : Attached(session, id);
    }

    // Dependencies and the project's networks and volumes; the service itself keeps the number of containers it has, none if it never ran.
    private UpOptions Before(Service service) => new()
    {
        Services = [service.Name],
        NoDependencies = _noDeps.Value,
        Recreate = RecreatePolicy.Never,
        Skip = service.Name,
    };

    private Service Changed(Service service, IReadOnlyList<string> command, bool tty)
    {
        var environment = service.Process.Environment.ToDictionary();
        foreach (var variable in KeyValue.Environment([], _env.Values, Environment.GetEnvironmentVariable).Select(text => text.Split('=', 2)))
        {
            environment[variable[0]] = variable[1];
        }
        var volumes = _volume.Values.Select(text => VolumeSpec.Parse(text, Environment.CurrentDirectory, Environment.GetEnvironmentVariable("HOME"))).ToList();
        return service with
        {
            Process = service.Process with
            {
                Command = command.Count > 0 ? command : _entrypoint.IsSet ? null : service.Process.Command,
                Entrypoint = _entrypoint.Value is { } entrypoint ? entrypoint.Length == 0 ? [] : [.. entrypoint.Split(' ', StringSplitOptions.RemoveEmptyEntries)] : service.Process.Entrypoint,
                Environment = environment,
                User = _user.Value ?? service.Process.User,
                WorkingDirectory = _workdir.Value ?? service.Process.WorkingDirectory,
                Tty = tty,
                StdinOpen = _interactive.Value && !_detach.Value,
            },
            ContainerName = null,
            Labels = service.Labels.Concat(KeyValue.Labels([], _label.Values)).GroupBy(pair => pair.Key).ToDictionary(group => group.Key, group => group.Last().Value),
            Network = service.Network with
            {
                Ports = [.. _servicePorts.Value ? service.Network.Ports : [], .. _publish.Values.SelectMany(PortSpec.Parse).Select(port => new Port(port.Container, port.HostPort.Length > 0 ? port.HostPort : null, port.HostAddress.Length > 0 ? port.HostAddress : null))],
            },
            Storage = service.Storage with
            {
                Mounts = [.. service.Storage.Mounts.Where(mount => volumes.All(volume => Target(volume) != mount.Target)), .. volumes.Where(volume => volume.Anonymous is not null).Select(volume => new Mount("volume", null, volume.Anonymous!))],
                Binds = [.. volumes.Where(volume => volume.Bind is not null).Select(volume => volume.Bind!)],
            },
        };
    }

    private static string Target(VolumeSpec volume) => volume.Anonymous ?? volume.Bind!.Split(':')[1];

    private string Create(ComposeSession session, Project project, Service service, IReadOnlyDictionary<string, string> images)
    {
        var found = session.State.Containers(project.Name);
        var number = found.Where(one => one.OneOff && one.Service == service.Name).Select(one => one.Number).DefaultIfEmpty(0).Max() + 1;
        ContainerBody body = new(project, service)
        {
            Number = number,
            OneOff = true,
            Aliases = _aliases.Value,
            ImageId = images.GetValueOrDefault(service.Image, ""),
            IdOf = name => found.FirstOrDefault(one => one.Service == name && !one.OneOff)?.Id ?? throw new Berth.Compose.ComposeException($"service \"{name}\" has no container"),
        };
        var name = _name.Value ?? $"{project.Name}-{service.Name}-run-{Guid.NewGuid():n}"[..(project.Name.Length + service.Name.Length + 18)];
        var answer = session.Engine.Call("POST", $"/containers/create?name={Uri.EscapeDataString(name)}", body.Build());
        var id = answer?["Id"]?.GetValue<string>() ?? "";
        ContentFiles.Write(session.Engine, project, service, id);
        return id;
    }

    private static int Detached(ComposeSession session, string id)
    {
        _ = session.Engine.Call("POST", $"/containers/{id}/start");
        JsonNode? inspected = session.Engine.Call("GET", $"/containers/{id}/json");
        session.Context.Out.WriteLine(inspected?["Name"]?.GetValue<string>().TrimStart('/'));
        return 0;
    }

    private int Attached(ComposeSession session, string id)
    {
        try
        {
            return Delegate(session, new StartVerb(), [_interactive.Value ? "-ai" : "-a", id]);
        }
        finally
        {
            if (_remove.Value)
            {
                _ = session.Engine.Call("DELETE", $"/containers/{id}?force=1&v=1");
            }
        }
    }
}
