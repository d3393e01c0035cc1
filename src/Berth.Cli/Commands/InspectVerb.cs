using System.Text.Json;
using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Images;
using Berth.Cli.Templates;

namespace Berth.Cli.Commands;

/// <summary><c>berth inspect</c> and its forms for one kind of object.</summary>
internal sealed class InspectVerb(string? kind) : Verb
{
    private readonly TextFlag _format = new("format", 'f', "FORMAT", "json, or a template as '{{.State.Status}}'");
    private readonly TextFlag _type = new("type", "KIND", "container, image, volume or network");
    private readonly BoolFlag _size = new("size", 's', "Show how much disk containers use");

    public override string Usage => "[OPTIONS] NAME [NAME...]";

    public override IReadOnlyList<string> Examples =>
        ["inspect web", "inspect -f '{{.State.Status}}' web", "inspect -f '{{range .Mounts}}{{.Source}} {{end}}' web", "inspect --type image busybox"];

    public override Flag[] Flags => kind is null ? [_format, _type, _size] : [_format, _size];

    public override int MinimumArguments => 1;

    public override CompletionSource Completes => kind switch
    {
        "container" => CompletionSource.Containers,
        "image" => CompletionSource.Images,
        "volume" => CompletionSource.Volumes,
        "network" => CompletionSource.Networks,
        _ => CompletionSource.ContainersAndImages,
    };

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        var only = kind ?? _type.Value;
        if (only is not (null or "container" or "image" or "volume" or "network"))
        {
            throw new UsageException($"invalid value \"{only}\" for --type: use container, image, volume or network");
        }
        var template = _format.Value is null or "json" ? null : Template.Parse(_format.Value);
        List<JsonDocument> found = [];
        var code = 0;
        foreach (var name in arguments)
        {
            if (Find(context, name, only) is { } document)
            {
                found.Add(document);
            }
            else
            {
                context.Complain($"no such {only ?? "object"}: {name}");
                code = 1;
            }
        }
        Print(context, found, template);
        found.ForEach(document => document.Dispose());
        return code;
    }

    private JsonDocument? Find(CommandContext context, string name, string? only)
    {
        (string Kind, string Target)[] places =
        [
            ("container", new Query($"/containers/{Query.Escape(name)}/json").Add("size", _size.Value).ToString()),
            ("image", $"{ImageNames.Path(name)}/json"),
            ("volume", $"/volumes/{Query.Escape(name)}"),
            ("network", $"/networks/{Query.Escape(name)}"),
        ];
        foreach (var (place, target) in places)
        {
            if (only is not null && only != place)
            {
                continue;
            }
            try
            {
                return context.Api.Get(target);
            }
            catch (ApiException e) when (e.Status == 404 || (only is null && e.Status == 400))
            {
                // Perhaps it is something of another kind.
            }
        }
        return null;
    }

    private void Print(CommandContext context, List<JsonDocument> found, Template? template)
    {
        if (template is not null)
        {
            foreach (var document in found)
            {
                context.Out.WriteLine(template.Render(TemplateData.From(document.RootElement)));
            }
        }
        else if (_format.Value == "json")
        {
            found.ForEach(document => context.Out.WriteLine(document.RootElement.GetRawText()));
        }
        else
        {
            using var all = JsonDocument.Parse($"[{string.Join(',', found.Select(document => document.RootElement.GetRawText()))}]");
            context.Out.WriteLine(TemplateData.Indent(all.RootElement));
        }
    }
}
