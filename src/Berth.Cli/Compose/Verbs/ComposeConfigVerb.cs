using System.Text.Json;
using Berth.Cli.CommandLine;
using Berth.Compose.Model;
using Berth.Compose.Yaml;

namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose config</c>.</summary>
internal sealed class ComposeConfigVerb(ComposeFlags flags) : ComposeCommand(flags)
{
    private readonly BoolFlag _services = new("services", "Only the names of services");
    private readonly BoolFlag _images = new("images", "Only the names of images");
    private readonly BoolFlag _volumes = new("volumes", "Only the names of volumes");
    private readonly BoolFlag _networks = new("networks", "Only the names of networks");
    private readonly BoolFlag _profiles = new("profiles", "Only the names of profiles");
    private readonly TextFlag _hash = new("hash", "SERVICE|*", "The digests by which changes are seen");
    private readonly TextFlag _format = new("format", "yaml|json", "Form of the output");
    private readonly TextFlag _output = new("output", 'o', "FILE", "Write to a file") { Completes = CompletionSource.Files };
    private readonly BoolFlag _quiet = new("quiet", 'q', "Only check");

    public override string Usage => "[OPTIONS] [SERVICE...]";

    public override IReadOnlyList<string> Examples => ["compose config -q", "compose config --format json", "compose config --hash '*'"];

    public override Flag[] Flags => [_services, _images, _volumes, _networks, _profiles, _hash, _format, _output, _quiet];

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        var project = session.Load(arguments);
        var text = Text(project, arguments);
        if (_quiet.Value)
        {
            return 0;
        }
        if (_output.Value is { } file)
        {
            File.WriteAllText(file, text);
        }
        else
        {
            session.Context.Out.Write(text);
        }
        return 0;
    }

    private string Text(Project project, IReadOnlyList<string> services)
    {
        IEnumerable<Service> chosen = services.Count > 0 ? DependencyOrder.WithDependencies(project.Services, services).Select(project.Service) : project.Services.Values;
        if (_services.Value)
        {
            return Lines(chosen.Select(service => service.Name));
        }
        if (_images.Value)
        {
            return Lines(chosen.Select(service => service.Image).Distinct());
        }
        if (_volumes.Value)
        {
            return Lines(project.Volumes.Keys);
        }
        if (_networks.Value)
        {
            return Lines(project.Networks.Keys);
        }
        if (_profiles.Value)
        {
            return Lines(chosen.SelectMany(service => service.Profiles).Distinct());
        }
        if (_hash.Value is { } wanted)
        {
            var hashed = wanted == "*" ? project.Services.Values : wanted.Split(',').Select(project.Service);
            return Lines(hashed.Select(service => $"{service.Name} {service.Hash}"));
        }
        var tree = CanonicalProject.Write(project, chosen.Select(service => service.Name).ToHashSet());
        return _format.Value switch
        {
            null or "yaml" => YamlText.Write(tree),
            "json" => NodeJson.ToJson(tree)!.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n",
            var other => throw new UsageException($"invalid value \"{other}\" for --format: use yaml or json"),
        };
    }

    private static string Lines(IEnumerable<string> lines) => string.Concat(lines.Order(StringComparer.Ordinal).Select(line => line + "\n"));
}
