using System.Text;
using Berth.Build;
using Berth.Build.Dockerfiles;
using Berth.Engine.Configuration;
using Berth.Engine.Machines;
using Berth.Engine.Planning;
using Berth.Engine.State;
using Berth.Images;
using Berth.Images.Building;
using Berth.Linux;

namespace Berth.Engine.Builds;

/// <summary>RUN.</summary>
internal sealed class RunStep(StageBuild stage, RunInstruction command)
{
    private readonly BuildRun _run = stage.Run;

    public async Task ApplyAsync()
    {
        if (InMachine && NetworkMode == "host")
            throw EngineException.NotImplemented("RUN --network=host: not with isolation vm: a virtual machine has its own kernel's network: use default or none, or build with --isolation container");
        RunMount[] mounts = [.. command.Mounts.Select(Expanded)];
        var sources = new Dictionary<RunMount, LayerList>(ReferenceEqualityComparer.Instance);
        foreach (RunMount mount in mounts.Where(static mount => mount is { Kind: MountKind.Bind, From: not null }))
            sources[mount] = await _run.SourceAsync(stage.Stage, mount.From!, command.Line);
        bool contextual = mounts.Any(static mount => mount is { Kind: MountKind.Bind, From: null });
        Digest quick = Key(mounts, mounts.Select(mount => sources.TryGetValue(mount, out LayerList? stack) ? stack.Name : ""));
        await stage.FileStepAsync(
            command,
            contextual ? null : quick,
            async () => contextual || sources.Count > 0 ? Key(mounts, await DigestsAsync(mounts, sources)) : null,
            () => BuildAsync(mounts, sources),
            History());
    }

    private Digest Key(RunMount[] mounts, IEnumerable<string> sources)
    {
        // Another kernel may make another result of the same command.
        StepKey key = new StepKey(InMachine ? "run in a machine" : "run", stage.Stack.Name).Add(Arguments()).Add(command.Program?.Content).Add(Environment(forKey: true)).Add(stage.WorkingDirectory)
            .Add(stage.Defaults.User).Add(NetworkMode).Add(_run.Request.Commands.ExtraHosts?.ToArray() ?? []).Add(stage.EpochText);
        foreach ((RunMount mount, string source) in mounts.Zip(sources))
        {
            // A secret's content and what a cache holds are no part of the result.
            key.Add($"{mount.Kind} {mount.Writable} {mount.Required} {mount.Sharing} {mount.Size} {mount.Mode} {mount.Uid} {mount.Gid}")
                .Add(mount.Target).Add(mount.Source).Add(mount.Id).Add(mount.Variable).Add(source);
        }
        return key.Finish();
    }

    private async Task<List<string>> DigestsAsync(RunMount[] mounts, Dictionary<RunMount, LayerList> sources)
    {
        var digests = new List<string>();
        foreach (RunMount mount in mounts)
        {
            if (mount.Kind != MountKind.Bind)
            {
                digests.Add("");
                continue;
            }
            using FileDescriptor root = OpenSource(mount, sources);
            digests.Add((await Source(root, mount).DigestAsync(new CopyOptions(), _run.Cancellation)).ToString());
        }
        return digests;
    }

    private FileDescriptor OpenSource(RunMount mount, Dictionary<RunMount, LayerList> sources) =>
        sources.TryGetValue(mount, out LayerList? stack) ? _run.Open(stack) : Libc.Open(_run.Context.Directory, Libc.O_RDONLY | Libc.O_DIRECTORY);

    private async Task<LayerList> BuildAsync(RunMount[] mounts, Dictionary<RunMount, LayerList> sources)
    {
        EnginePaths paths = _run.Parts.Context.Paths;
        string id = InstanceNames.NewId();
        string secrets = _run.Parts.Context.Options.StepDirectory(id);
        var leases = new List<IDisposable>();
        try
        {
            Directory.CreateDirectory(paths.Container(id), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            Directory.CreateDirectory(paths.Upper(id));
            Directory.CreateDirectory(paths.Work(id));
            List<string> environment = [.. Environment(forKey: false)];
            List<PlannedMount> planned = [];
            foreach (RunMount mount in mounts)
            {
                if (await PlanAsync(mount, sources, secrets, environment, leases) is { } one)
                    planned.Add(one);
            }
            if (command.Program is { } program)
                planned.Add(Program(program, paths.Container(id)));
            if (planned.GroupBy(static mount => mount.Destination).FirstOrDefault(static group => group.Count() > 1) is { } twice)
                throw EngineException.Invalid($"two mounts have the target {Shown.Text(twice.Key)}");
            MountStubs stubs = FindStubs(planned);
            await ExecuteAsync(id, environment, planned);
            if (InMachine)
                await TakeLayerAsync(id);
            using (FileDescriptor root = _run.Open(stage.Stack, paths.Upper(id), paths.Work(id)))
                stubs.Remove(root);
            stubs.Trim(paths.Upper(id));
            return await _run.Session.CommitAsync(stage.Stack, paths.Upper(id), _run.Latest, _run.Cancellation);
        }
        finally
        {
            leases.ForEach(static lease => lease.Dispose());
            if (Directory.Exists(secrets))
                Directory.Delete(secrets, recursive: true);
            Trees.Delete(paths.Container(id));
        }
    }

    private async Task ExecuteAsync(string id, IReadOnlyList<string> environment, IReadOnlyList<PlannedMount> mounts)
    {
        BuildStep step = _run.Step(stage.Stage, command);
        await _run.Progress.RunningAsync(step, id);
        int code = await _run.Parts.Processes.RunAsync(
            new StepCommand
            {
                Id = id,
                Arguments = command.Program is null ? Arguments() : [ProgramPath(command.Program)],
                Environment = environment,
                WorkingDirectory = stage.WorkingDirectory,
                User = stage.Defaults.User ?? "",
                HostConfig = _run.Request.Commands with { NetworkMode = NetworkMode },
                Mounts = mounts,
                LowerDirectories = _run.Session.Directories(stage.Stack),
            },
            (isError, bytes) => _run.Progress.OutputAsync(step, isError, bytes),
            _run.Cancellation);
        if (code != 0)
        {
            throw new DockerfileException(_run.File.FileName, command.Line,
                $"The command '{Shown.Text(string.Join(' ', Arguments()))}' returned a non-zero code: {code}")
            { ExitCode = code };
        }
    }

    private async Task TakeLayerAsync(string id)
    {
        EnginePaths paths = _run.Parts.Context.Paths;
        // They are not needed any more, and what follows takes as much room again.
        File.Delete(paths.StepDisk(id));
        File.Delete(MachinePlaces.OnHost(paths.Machine(id), MachinePlaces.WritableDisk));
        await using FileStream layer = MachineFiles.TryOpen(paths.Machine(id), MachinePlaces.Layer)
            ?? throw new EngineException(EngineErrorKind.System, "the virtual machine ended without leaving the command's changes: build again");
        await _run.Session.UnpackAsync(stage.Stack, layer, paths.Upper(id), _run.Cancellation);
    }

    private async Task<PlannedMount?> PlanAsync(RunMount mount, Dictionary<RunMount, LayerList> sources, string secrets, List<string> environment, List<IDisposable> leases)
    {
        switch (mount.Kind)
        {
            case MountKind.Tmpfs:
                return new PlannedMount { Type = "tmpfs", Destination = mount.Target, TmpfsOptions = TmpfsRules.From(new TmpfsOptions { SizeBytes = mount.Size }) };
            case MountKind.Cache:
                CacheMounts.Lease lease = await _run.Parts.Caches.TakeAsync(mount, _run.Cancellation);
                leases.Add(lease);
                string below = mount.Source.Length == 0 ? lease.Directory
                    : BuildContext.Locate(lease.Directory, mount.Source) ?? throw EngineException.Invalid($"the cache {Shown.Text(mount.Id)} has no {Shown.Text(mount.Source)}");
                return Bind(below, mount);
            case MountKind.Secret:
                return Secret(mount, secrets, environment);
            default:
                return Bind(await SourcePathAsync(mount, sources), mount);
        }
    }

    // A context is bound as it is when nobody can write; anything else is a copy that goes with the build.
    private async Task<string> SourcePathAsync(RunMount mount, Dictionary<RunMount, LayerList> sources)
    {
        if (!sources.ContainsKey(mount) && !mount.Writable)
        {
            return BuildContext.Locate(_run.Context.Directory, mount.Source.Length == 0 ? "/" : mount.Source)
                ?? throw EngineException.NotFound($"RUN --mount=type=bind: \"{Shown.Text(mount.Source)}\": not found in the build context, or left out by .dockerignore");
        }
        string directory = _run.Session.NewDirectory();
        using FileDescriptor root = OpenSource(mount, sources);
        using FileDescriptor target = Libc.Open(directory, Libc.O_RDONLY | Libc.O_DIRECTORY);
        await Source(root, mount).CopyAsync(target, "/source", new CopyOptions(), _run.Cancellation);
        return Path.Combine(directory, "source");
    }

    private static SourceFiles Source(FileDescriptor root, RunMount mount) => new(root, [mount.Source.Length == 0 ? "/" : mount.Source]);

    private static PlannedMount Bind(string source, RunMount mount) =>
        new() { Type = "bind", Source = source, Destination = mount.Target, ReadOnly = !mount.Writable, Propagation = "rprivate" };

    private PlannedMount? Secret(RunMount mount, string directory, List<string> environment)
    {
        if (!_run.Request.Secrets.TryGetValue(mount.Id, out byte[]? content))
            return mount.Required ? throw EngineException.Invalid($"secret {Shown.Text(mount.Id)}: not found: give it with `berth build --secret id={Shown.Text(mount.Id)},src=FILE`") : null;
        if (mount.Variable is { } variable)
            environment.Add($"{variable}={Encoding.UTF8.GetString(content)}");
        if (mount.Target.Length == 0)
            return null;
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string path = Path.Combine(directory, Guid.NewGuid().ToString("n"));
        using (var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead }))
            file.Write(content);
        Libc.ChangeOwnerAt(null, path, mount.Uid, mount.Gid);
        Libc.ChangeModeAt(null, path, (uint)mount.Mode);
        return new PlannedMount { Type = "bind", Source = path, Destination = mount.Target, ReadOnly = true, Propagation = "rprivate" };
    }

    private static PlannedMount Program(Heredoc program, string directory)
    {
        string path = Path.Combine(directory, "program");
        File.WriteAllText(path, program.Content);
        Libc.ChangeModeAt(null, path, 0x1ED /* 0755 */);
        return new PlannedMount { Type = "bind", Source = path, Destination = ProgramPath(program), ReadOnly = true, Propagation = "rprivate" };
    }

    // In memory of the step's own, as every mount in /dev.
    private static string ProgramPath(Heredoc program) => "/dev/pipes/" + program.Name.Replace('/', '_');

    private MountStubs FindStubs(IEnumerable<PlannedMount> mounts)
    {
        using FileDescriptor root = _run.Open(stage.Stack);
        return new MountStubs(root, mounts.Select(static mount => mount.Destination).Where(static target => !target.StartsWith("/dev/", StringComparison.Ordinal)));
    }

    private bool InMachine => _run.Request.Commands.IsMachine;

    private string NetworkMode => command.Network != "default" ? command.Network : _run.Request.Commands.NetworkMode ?? "default";

    private IReadOnlyList<string> Arguments() => command.Command.With(stage.Shell);

    private List<string> Environment(bool forKey) =>
        [.. ConfigMerge.Environment(stage.Arguments, stage.Defaults.Env), .. forKey ? [] : _run.Arguments.GivenProxies.Select(static proxy => $"{proxy.Key}={proxy.Value}")];

    // As Docker shows it: with the arguments that the command saw.
    private string History()
    {
        string arguments = stage.Arguments.Count == 0 ? "" : $"|{stage.Arguments.Count} {string.Join(' ', stage.Arguments)} ";
        return $"RUN {arguments}{string.Join(' ', Arguments())}";
    }

    private RunMount Expanded(RunMount mount) => mount with
    {
        Target = mount.Target.Length == 0 ? "" : Target(stage.Expand(mount.Target)),
        Source = stage.Expand(mount.Source),
        From = mount.From is null ? null : stage.Expand(mount.From),
    };

    private string Target(string text)
    {
        string path = stage.Absolute(text).TrimEnd('/');
        return path.Length > 0 && path != "/proc" && !path.StartsWith("/proc/", StringComparison.Ordinal) ? path : throw EngineException.Invalid($"RUN --mount: the target {Shown.Text(text)} is not possible");
    }
}
