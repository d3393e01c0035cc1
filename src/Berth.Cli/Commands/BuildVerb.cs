using Berth.Cli.Api;
using Berth.Cli.Building;
using Berth.Cli.CommandLine;
using Berth.Cli.Containers;
using Berth.Cli.Output;
using Berth.Cli.Parsing;
using Berth.Cli.Registries;

namespace Berth.Cli.Commands;

/// <summary><c>berth build</c>: sends a directory, or names a repository, and shows how the build of its Dockerfile goes.</summary>
internal sealed class BuildVerb : Verb
{
    private readonly ListFlag _tag = new("tag", 't', "NAME[:TAG]", "Name of the image");
    private readonly TextFlag _file = new("file", 'f', "FILE", "The Dockerfile (PATH/Dockerfile); - reads standard input") { Completes = CompletionSource.Files };
    private readonly ListFlag _argument = new("build-arg", "NAME[=VALUE]", "Value of an ARG; without a value that of the environment");
    private readonly TextFlag _target = new("target", "STAGE", "Stage to build instead of the last one");
    private readonly BoolFlag _noCache = new("no-cache", "Build every step anew");
    private readonly BoolFlag _pull = new("pull", "Look for newer base images");
    private readonly ListFlag _label = new("label", "NAME=VALUE", "Label of the image");
    private readonly ListFlag _secret = new("secret", "id=NAME[,src=FILE|,env=NAME]", "Secret for RUN --mount=type=secret; it gets into no layer");
    private readonly TextFlag _progress = new("progress", "HOW", "auto or plain");
    private readonly TextFlag _idFile = new("iidfile", "FILE", "Write the image's id to a file") { Completes = CompletionSource.Files };
    private readonly BoolFlag _quiet = new("quiet", 'q', "Print the image's id alone");
    private readonly TextFlag _network = new("network", "NETWORK", "Network of the commands: default, none, host or a network's name") { Completes = CompletionSource.Networks };
    private readonly TextFlag _platform = new("platform", "PLATFORM", "Platform of base images");
    private readonly ListFlag _host = new("add-host", "NAME:ADDRESS", "Line for the commands' /etc/hosts");
    private readonly TextFlag _isolation = new("isolation", "container|vm", "What each command runs in; container unless told otherwise") { Completes = CompletionSource.Runtimes };
    private readonly TextFlag _memory = new("memory", 'm', "BYTES", "Memory limit of each command");
    private readonly TextFlag _shm = new("shm-size", "BYTES", "Size of the commands' /dev/shm");

    public override string Usage => "[OPTIONS] PATH|ADDRESS|-";

    public override IReadOnlyList<string> Examples =>
        ["build -t app .", "build -t app:debug --target debug --build-arg V=2 src", "build --secret id=token,src=token.txt .", "cat Dockerfile | berth build -q -", "build --build-arg SOURCE_DATE_EPOCH=0 .", "build --isolation vm -m 1g .", "build https://example.org/app.git#v1.2:server"];

    public override Flag[] Flags =>
        [_tag, _file, _argument, _target, _noCache, _pull, _label, _secret, _progress, _idFile, _quiet, _network, _platform, _host, _isolation, _memory, _shm];

    public override int MinimumArguments => 1;

    public override int MaximumArguments => 1;

    public override CompletionSource Completes => CompletionSource.Files;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        if (_progress.Value is not (null or "auto" or "plain"))
        {
            throw new UsageException($"invalid value \"{_progress.Value}\" for --progress: use auto or plain");
        }
        if (_isolation.Value is not (null or "default" or "container" or "vm"))
        {
            throw new UsageException($"invalid value \"{_isolation.Value}\" for --isolation: use container or vm");
        }
        if (_isolation.Value == "vm")
        {
            new KernelFetch(context) { Quiet = _quiet.Value }.RunIfMissing();
        }
        using var sources = ContextArchive.Open(context.StdIn, arguments[0], _file.Value);
        var query = new Query("/build").Add("dockerfile", sources.Dockerfile).Add("target", _target.Value).Add("nocache", _noCache.Value).Add("pull", _pull.Value)
            .Add("networkmode", _network.Value).Add("platform", _platform.Value).Add("steps", "1").Add("rm", "1").Add("isolation", _isolation.Value).Add("remote", ContextArchive.IsAddress(arguments[0]) ? arguments[0] : null)
            .Add("buildargs", Map(_argument.Values.Select(Argument))).Add("labels", Map(KeyValue.Labels([], _label.Values)))
            .Add("memory", _memory.Value is null ? null : SizeText.Parse(_memory.Value, "memory")).Add("shmsize", _shm.Value is null ? null : SizeText.Parse(_shm.Value, "shm-size"))
            .Add("secrets", _secret.Values.Length == 0 ? null : SendSecrets(context));
        foreach (var tag in _tag.Values)
        {
            query.Add("t", tag);
        }
        foreach (var host in _host.Values)
        {
            query.Add("extrahosts", host);
        }
        string id;
        using (var exchange = Upload(context, query.ToString(), sources))
        {
            id = new BuildReport(context) { Quiet = _quiet.Value, Plain = _progress.Value == "plain" }.Show(exchange.Body);
        }
        if (_idFile.Value is { } file)
        {
            File.WriteAllText(file, id);
        }
        context.Out.WriteLine(id);
        return 0;
    }

    private static Exchange Upload(CommandContext context, string target, ContextArchive sources)
    {
        try
        {
            var exchange = context.Api.Upload("POST", target, sources.Content, header: ("X-Registry-Config", CredentialFile.Default(Environment.GetEnvironmentVariable).ToConfigHeader()));
            sources.ThrowIfFailed();
            return exchange;
        }
        catch (ApiException)
        {
            // What the daemon makes of half an archive explains nothing.
            sources.ThrowIfFailed();
            throw;
        }
    }

    private static string? Map(IEnumerable<KeyValuePair<string, string>> pairs)
    {
        Dictionary<string, string> map = [];
        foreach (var (name, value) in pairs)
        {
            map[name] = value;
        }
        if (map.Count == 0)
        {
            return null;
        }
        return System.Text.Encoding.UTF8.GetString(JsonWriting.Object(json =>
        {
            foreach (var (name, value) in map)
            {
                json.WriteString(name, value);
            }
        }));
    }

    private static KeyValuePair<string, string> Argument(string text)
    {
        var parts = text.Split('=', 2);
        return parts[0].Length == 0
            ? throw new UsageException($"invalid value \"{text}\" for --build-arg: write it as NAME=VALUE")
            : new(parts[0], parts.Length > 1 ? parts[1] : Environment.GetEnvironmentVariable(parts[0]) ?? "");
    }

    private string SendSecrets(CommandContext context)
    {
        var body = JsonWriting.Object(json =>
        {
            foreach (var text in _secret.Values)
            {
                var (id, content) = SecretSpec.Read(text);
                json.WriteString(id, Convert.ToBase64String(content));
            }
        });
        using var answer = context.Api.Post("/berth/build/secrets", body) ?? throw new CliException("the daemon took no secrets");
        return answer.RootElement.Text("Id");
    }
}
