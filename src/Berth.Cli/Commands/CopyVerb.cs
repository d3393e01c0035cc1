using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Copy;
using Berth.Cli.Http;
using Berth.Cli.Streams;
using Berth.Linux;

namespace Berth.Cli.Commands;

/// <summary><c>berth cp</c>: as cp -r, with a container on one side; <c>-</c> is a tar stream.</summary>
internal sealed class CopyVerb : Verb
{
    private readonly BoolFlag _archive = new("archive", 'a', "Keep owners");
    private readonly BoolFlag _follow = new("follow-link", 'L', "Copy what a link leads to");
    private readonly BoolFlag _quiet = new("quiet", 'q', "No progress");

    public override string Usage => "[OPTIONS] CONTAINER:PATH LOCAL_PATH|-  or  LOCAL_PATH|- CONTAINER:PATH";

    public override IReadOnlyList<string> Examples => ["cp web:/etc/hosts .", "cp page.html web:/www/", "cp web:/data - | tar t"];

    public override Flag[] Flags => [_archive, _follow, _quiet];

    public override int MinimumArguments => 2;

    public override int MaximumArguments => 2;

    public override CompletionSource Completes => CompletionSource.Containers;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        var from = Split(arguments[0]);
        var to = Split(arguments[1]);
        if (from.Container is not null && to.Container is null)
        {
            CopyOut(context, from.Container, from.Path, to.Path);
            return 0;
        }
        if (from.Container is null && to.Container is not null)
        {
            CopyIn(context, from.Path, to.Container, to.Path);
            return 0;
        }
        throw new UsageException(from.Container is null
            ? "one side must be a container: write it as CONTAINER:PATH"
            : "copying between containers is not supported: copy to the host first");
    }

    // A path that begins with . or / is always local.
    private static (string? Container, string Path) Split(string text)
    {
        var at = text.IndexOf(':', StringComparison.Ordinal);
        return at <= 0 || text[0] is '.' or '/' ? (null, text) : (text[..at], text[(at + 1)..] is { Length: > 0 } path ? path : "/");
    }

    private void CopyOut(CommandContext context, string container, string source, string target)
    {
        if (_follow.Value && PathStat.Of(context.Api, container, source) is { LinkTarget: { Length: > 0 } link })
        {
            source = link;
        }
        using var exchange = context.Api.Send("GET", new Query($"/containers/{Query.Escape(container)}/archive").Add("path", source).ToString());
        if (target == "-")
        {
            Download.Save(context, exchange.Body, null);
            return;
        }
        var stat = PathStat.Read(exchange);
        // The names in the archive of "dir/." begin with a dot instead of the directory's name: only the content is copied.
        var contentOnly = stat.IsDirectory && (source.EndsWith("/.", StringComparison.Ordinal) || source.TrimEnd('/').Length == 0);
        string folder;
        string? rename = null;
        if (Directory.Exists(target))
        {
            folder = target;
        }
        else
        {
            if (target.EndsWith('/') && !stat.IsDirectory)
            {
                throw new CliException($"there is no directory {target}");
            }
            var full = Path.GetFullPath(target.TrimEnd('/'));
            folder = Path.GetDirectoryName(full)!;
            rename = Path.GetFileName(full);
            if (!Directory.Exists(folder))
            {
                throw new CliException($"there is no directory {folder}");
            }
            if (stat.IsDirectory && File.Exists(full))
            {
                throw new CliException($"cannot copy a directory over the file {target}");
            }
            if (contentOnly)
            {
                (folder, rename) = (full, null);
                Directory.CreateDirectory(full);
            }
        }
        new HostExtractor(folder, rename, _archive.Value).Extract(exchange.Body);
        Report(context, $"{container}:{source}", target);
    }

    private void CopyIn(CommandContext context, string source, string container, string target)
    {
        if (source == "-")
        {
            using DescriptorStream input = new(new FileDescriptor(context.StdIn.Number, ownsHandle: false));
            Upload(context, container, target, input);
            return;
        }
        var contentOnly = source.EndsWith("/.", StringComparison.Ordinal) || source == ".";
        var path = Path.GetFullPath(source).TrimEnd('/') is { Length: > 0 } trimmed ? trimmed : "/";
        if (_follow.Value && File.ResolveLinkTarget(path, returnFinalTarget: true) is { } final)
        {
            path = final.FullName;
        }
        if (!Path.Exists(path) && new FileInfo(path).LinkTarget is null)
        {
            throw new CliException($"there is no file {source}");
        }
        var isDirectory = Directory.Exists(path);
        if (source.EndsWith('/') && !isDirectory)
        {
            throw new CliException($"{source} is not a directory");
        }
        var name = Path.GetFileName(path);
        var stat = PathStat.Of(context.Api, container, target);
        if (stat is { LinkTarget: { Length: > 0 } link })
        {
            target = link.StartsWith('/') ? link : $"{Parent(target)}/{link}";
            stat = PathStat.Of(context.Api, container, target);
        }
        string folder;
        if (stat is { IsDirectory: true })
        {
            folder = target;
        }
        else
        {
            if (isDirectory && stat is not null)
            {
                throw new CliException($"cannot copy a directory over the file {container}:{target}");
            }
            if (stat is null && target.EndsWith('/') && !isDirectory)
            {
                throw new CliException($"there is no directory {target} in {container}");
            }
            folder = Parent(target.TrimEnd('/'));
            name = target.TrimEnd('/')[(target.TrimEnd('/').LastIndexOf('/') + 1)..];
            contentOnly = false;
        }
        using var archive = HostArchive.Open(path, name, contentOnly && isDirectory);
        Upload(context, container, folder, archive);
        Report(context, source, $"{container}:{target}");
    }

    private void Upload(CommandContext context, string container, string folder, Stream archive)
    {
        using var exchange = context.Api.Upload("PUT", new Query($"/containers/{Query.Escape(container)}/archive").Add("path", folder)
            .Add("noOverwriteDirNonDir", "true").Add("copyUIDGID", _archive.Value ? "true" : null).ToString(), archive);
    }

    private static string Parent(string path) => path.LastIndexOf('/') is > 0 and var at ? path[..at] : "/";

    private void Report(CommandContext context, string from, string to)
    {
        if (!_quiet.Value && context.ErrorIsTerminal)
        {
            context.Error.WriteLine($"Copied {from} to {to}");
        }
    }
}
