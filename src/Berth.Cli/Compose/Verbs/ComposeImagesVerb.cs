using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Compose.Planning;

namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose images</c>.</summary>
internal sealed class ComposeImagesVerb(ComposeFlags flags) : ComposeCommand(flags)
{
    private static readonly Column[] s_columns = [new("CONTAINER", "ContainerName"), new("REPOSITORY", "Repository"), new("TAG", "Tag"), new("IMAGE ID", "ID"), new("SIZE", "Size")];

    private readonly ListFlags _list = new();

    public override string Usage => "[OPTIONS] [SERVICE...]";

    public override IReadOnlyList<string> Examples => ["compose images", "compose images --format json"];

    public override Flag[] Flags => _list.All();

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        var (_, name) = session.LoadIfAny(arguments);
        var sizes = session.Engine.Call("GET", "/images/json?all=1")?.AsArray().ToDictionary(image => image!["Id"]!.GetValue<string>(), image => image!["Size"]?.GetValue<long>() ?? 0) ?? [];
        _list.Print(session.Context, s_columns, "ID", [.. session.Containers(name, arguments).Select(container => ToRow(container, sizes))]);
        return 0;
    }

    private Row ToRow(FoundContainer container, IReadOnlyDictionary<string, long> sizes)
    {
        var (repository, tag) = Images.ImageNames.Split(container.Image);
        return new Row
        {
            ["ContainerName"] = container.Name,
            ["Repository"] = repository,
            ["Tag"] = tag ?? "latest",
            ["ID"] = _list.NoTrunc.Value ? container.ImageId : Ids.Short(container.ImageId),
            ["Size"] = ByteText.Decimal(sizes.GetValueOrDefault(container.ImageId)),
        };
    }
}
