using System.Globalization;
using System.Text.Json;
using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Images;
using Berth.Cli.Output;
using Berth.Cli.Templates;

namespace Berth.Cli.Commands;

/// <summary><c>berth images</c>.</summary>
internal sealed class ImagesVerb : Verb
{
    private static readonly Column[] s_columns =
        [new("REPOSITORY", "Repository"), new("TAG", "Tag"), new("IMAGE ID", "ID"), new("CREATED", "CreatedSince"), new("SIZE", "Size")];

    private readonly BoolFlag _all = new("all", 'a', "Unnamed parents too");
    private readonly BoolFlag _digests = new("digests", "Show digests");
    private readonly ListFlag _filter = new("filter", 'f', "NAME=VALUE", "Only matching ones: dangling, label, reference, before, since");
    private readonly ListFlags _list = new();

    public override string Usage => "[OPTIONS] [NAME[:TAG]]";

    public override IReadOnlyList<string> Examples => ["images", "images --format '{{.Repository}}:{{.Tag}} {{.Size}}'"];

    public override Flag[] Flags => [_all, _digests, _filter, .. _list.All()];

    public override int MaximumArguments => 1;

    public override CompletionSource Completes => CompletionSource.Images;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        var filters = _filter.Values.Concat(arguments.Select(name => $"reference={name}"));
        using var answer = context.Api.Get(new Query("/images/json").Add("all", _all.Value).Add("filters", Filters.ToJson(filters)).ToString());
        if (_list.Raw)
        {
            context.Out.WriteLine(TemplateData.Indent(answer.RootElement));
            return 0;
        }
        var now = TimeProvider.System.GetUtcNow();
        var rows = answer.RootElement.EnumerateArray().SelectMany(image => Rows(image, now)).ToList();
        if (_list.Quiet.Value)
        {
            rows = [.. rows.DistinctBy(row => row.Text("ID"))];
        }
        Column[] columns = _digests.Value ? [.. s_columns[..2], new("DIGEST", "Digest"), .. s_columns[2..]] : s_columns;
        _list.Print(context, columns, "ID", rows);
        return 0;
    }

    private IEnumerable<Row> Rows(JsonElement image, DateTimeOffset now)
    {
        var id = image.Text("Id");
        var created = image.Number("Created");
        var digests = image.Texts("RepoDigests").ToList();
        foreach (var name in image.Texts("RepoTags").Where(name => name != "<none>:<none>").DefaultIfEmpty("<none>:<none>"))
        {
            var (repository, tag) = ImageNames.Split(name);
            var digest = digests.Find(text => text.StartsWith(repository + "@", StringComparison.Ordinal));
            yield return new Row
            {
                ["Repository"] = repository,
                ["Tag"] = tag ?? "<none>",
                ["Digest"] = digest is null ? "<none>" : digest[(repository.Length + 1)..],
                ["ID"] = _list.NoTrunc.Value ? id : Ids.Short(id),
                ["CreatedSince"] = AgoText.Since(created, now),
                ["CreatedAt"] = TimeText.Created(created),
                ["Size"] = ByteText.Decimal(image.Number("Size"), 3),
                ["Containers"] = image.Number("Containers") is >= 0 and var count ? count.ToString(CultureInfo.InvariantCulture) : "N/A",
            };
        }
    }
}
