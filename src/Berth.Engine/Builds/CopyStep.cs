using Berth.Build;
using Berth.Build.Dockerfiles;
using Berth.Build.Ignore;
using Berth.Containers.Lifecycle;
using Berth.Images;
using Berth.Images.Building;
using Berth.Images.Tar;
using Berth.Linux;

namespace Berth.Engine.Builds;

/// <summary>COPY and ADD.</summary>
internal sealed class CopyStep(StageBuild stage, CopyInstruction copy)
{
    private readonly BuildRun _run = stage.Run;

    public async Task ApplyAsync()
    {
        string[] sources = [.. copy.Sources.Select(stage.Expand)];
        string destination = stage.Absolute(stage.Expand(copy.Destination));
        string? owner = copy.Owner is null ? null : stage.Expand(copy.Owner);
        var options = new CopyOptions
        {
            Mode = copy.Mode is null ? null : Mode(stage.Expand(copy.Mode)),
            KeepsParents = copy.KeepsParents,
            Excludes = IgnoreFile.Of([.. copy.Excludes.Select(stage.Expand)], _run.File.FileName),
            Latest = _run.Latest,
        };
        LayerList? from = copy.From is null ? null : await _run.SourceAsync(stage.Stage, copy.From, copy.Line);
        Digest? quick = from is null ? null : Describe(from.Name, sources, destination, owner);
        using var opened = new OpenedSources();
        await stage.FileStepAsync(
            copy,
            quick,
            async () =>
            {
                await OpenAsync(opened, from, sources, options);
                var digests = new List<string>();
                foreach ((SourceFiles files, CopyOptions how) in opened.Files)
                    digests.Add((await files.DigestAsync(how, _run.Cancellation)).ToString());
                return Describe("content", digests, destination, owner);
            },
            () => BuildAsync(opened, destination, owner),
            copy.Text);
    }

    private Digest Describe(string kind, IReadOnlyCollection<string> sources, string destination, string? owner) =>
        new StepKey(copy.IsAdd ? "add" : "copy", stage.Stack.Name).Add(kind).Add(sources).Add(destination).Add(owner).Add(copy.Mode).Add(copy.Excludes.ToArray())
            .Add(copy.KeepsParents ? "parents" : "").Add(copy.Unpacks?.ToString()).Add(stage.EpochText).Finish();

    private async Task<LayerList> BuildAsync(OpenedSources opened, string destination, string? owner)
    {
        string upper = _run.Session.NewDirectory(), work = _run.Session.NewDirectory();
        using (FileDescriptor root = _run.Open(stage.Stack, upper, work))
        {
            (uint, uint)? ids = owner is null ? null : ContainerFilesystem.ResolveOwner(root, owner);
            foreach ((SourceFiles files, CopyOptions how) in opened.Files)
                await files.CopyAsync(root, destination, how with { Owner = ids }, _run.Cancellation);
        }
        LayerList stack = await _run.Session.CommitAsync(stage.Stack, upper, _run.Latest, _run.Cancellation);
        BuildSession.DeleteDirectory(upper);
        return stack;
    }

    private async Task OpenAsync(OpenedSources opened, LayerList? from, string[] sources, CopyOptions options)
    {
        string[] repositories = [.. sources.Where(source => copy.IsAdd && GitAddress.IsMeant(source))];
        string[] addresses = [.. sources.Except(repositories).Where(source => copy.IsAdd && RemoteFile.IsAddress(source))], local = [.. sources.Except(repositories).Except(addresses)];
        if (local.Length > 0)
        {
            FileDescriptor root = opened.Keep(from is null ? Libc.Open(_run.Context.Directory, Libc.O_RDONLY | Libc.O_DIRECTORY) : _run.Open(from));
            try
            {
                opened.Add(new SourceFiles(root, local), options with { Unpacks = copy.IsAdd && copy.Unpacks != false });
            }
            catch (ImageException e) when (e.Code == ImageErrorCode.NotFound)
            {
                string place = copy.From is null ? " in the build context, or left out by .dockerignore" : $" in {Shown.Text(copy.From)}";
                throw new EngineException(EngineErrorKind.NotFound, $"{(copy.IsAdd ? "ADD" : "COPY")} failed: {e.Message}{place}", e);
            }
        }
        if (copy.Documents.Count > 0)
            opened.Add(Written(opened), options);
        foreach (string repository in repositories)
        {
            var files = new BuildContext(_run.Session.NewDirectory());
            await GitRepository.CheckOutAsync(GitAddress.Parse(repository), _run.Session.NewDirectory(), files, ArchiveLimits.Default, _run.Cancellation);
            opened.Add(new SourceFiles(opened.Keep(Libc.Open(files.Directory, Libc.O_RDONLY | Libc.O_DIRECTORY)), ["/"]), options);
        }
        if (addresses.Length > 0)
        {
            string directory = _run.Session.NewDirectory();
            var names = new List<string>();
            foreach (string address in addresses)
                names.Add(await RemoteFile.FetchAsync(address, directory, copy.Checksum, _run.Cancellation));
            opened.Add(new SourceFiles(opened.Keep(Libc.Open(directory, Libc.O_RDONLY | Libc.O_DIRECTORY)), [.. names.Select(Literal)]), options with { Unpacks = copy.Unpacks == true });
        }
    }

    private SourceFiles Written(OpenedSources opened)
    {
        string directory = _run.Session.NewDirectory();
        foreach (Heredoc document in copy.Documents)
        {
            if (document.Name.Contains('/', StringComparison.Ordinal) || document.Name is "." or "..")
                throw EngineException.Invalid($"<<{Shown.Text(document.Name)}: the name of a document that is copied is a file name");
            string path = Path.Combine(directory, document.Name);
            File.WriteAllText(path, document.Expands ? stage.ExpandDocument(document.Content) : document.Content);
            Libc.ChangeModeAt(null, path, 0x1A4 /* 0644 */);
        }
        return new SourceFiles(opened.Keep(Libc.Open(directory, Libc.O_RDONLY | Libc.O_DIRECTORY)), [.. copy.Documents.Select(static document => Literal(document.Name))]);
    }

    // A name in which nothing is a pattern.
    private static string Literal(string name) => string.Concat(name.Select(static c => c is '*' or '?' or '[' or '\\' ? $"\\{c}" : c.ToString()));

    private static int Mode(string text)
    {
        bool isOctal = text.Length is > 0 and <= 5 && !text.AsSpan().ContainsAnyExceptInRange('0', '7');
        return isOctal && Convert.ToInt32(text, 8) is <= 0xFFF and var mode ? mode : throw EngineException.Invalid($"--chmod={Shown.Text(text)}: expected an octal number such as 755");
    }

    /// <summary>The roots that sources are read from, closed when the step is done.</summary>
    private sealed class OpenedSources : IDisposable
    {
        private readonly List<FileDescriptor> _roots = [];

        public List<(SourceFiles Files, CopyOptions Options)> Files { get; } = [];

        public FileDescriptor Keep(FileDescriptor root)
        {
            _roots.Add(root);
            return root;
        }

        public void Add(SourceFiles files, CopyOptions options) => Files.Add((files, options));

        public void Dispose() => _roots.ForEach(static root => root.Dispose());
    }
}
