using System.Globalization;
using System.Text.Json;
using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Cli.Templates;

namespace Berth.Cli.Commands;

/// <summary><c>berth system df</c>.</summary>
internal sealed class DiskUsageVerb : Verb
{
    private static readonly Column[] s_columns =
        [new("TYPE", "Type"), new("TOTAL", "TotalCount"), new("ACTIVE", "Active"), new("SIZE", "Size"), new("RECLAIMABLE", "Reclaimable")];

    private readonly ListFlags _list = new();

    public override string Usage => "[OPTIONS]";

    public override IReadOnlyList<string> Examples => ["system df", "system df -o json"];

    public override Flag[] Flags => _list.All(truncates: false);

    public override int MaximumArguments => 0;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        using var answer = context.Api.Get("/system/df");
        var root = answer.RootElement;
        if (_list.Raw)
        {
            context.Out.WriteLine(TemplateData.Indent(root));
            return 0;
        }
        var images = root.Items("Images").ToList();
        var used = images.Where(image => image.Number("Containers") > 0).ToList();
        var containers = root.Items("Containers").ToList();
        var running = containers.Where(container => container.Text("State") is "running" or "paused" or "restarting").ToList();
        var volumes = root.Items("Volumes").ToList();
        var mounted = volumes.Where(volume => volume.Field("UsageData").Number("RefCount") > 0).ToList();
        var cache = root.Items("BuildCache").ToList();
        var unusedImages = images.Except(used).Sum(image => image.Number("Size"));
        _list.Print(context, s_columns, "Type",
        [
            Line("Images", images.Count, used.Count, root.Number("LayersSize"), Math.Min(unusedImages, root.Number("LayersSize"))),
            Line("Containers", containers.Count, running.Count, Size(containers, c => c.Number("SizeRw")), Size(containers.Except(running), c => c.Number("SizeRw"))),
            Line("Local Volumes", volumes.Count, mounted.Count, Size(volumes, VolumeSize), Size(volumes.Except(mounted), VolumeSize)),
            Line("Build Cache", cache.Count, cache.Count(entry => entry.Flag("InUse")), Size(cache, entry => entry.Number("Size")), Size(cache.Where(entry => !entry.Flag("InUse") && !entry.Flag("Shared")), entry => entry.Number("Size"))),
        ]);
        return 0;
    }

    private static long VolumeSize(JsonElement volume) => Math.Max(0, volume.Field("UsageData").Number("Size"));

    private static long Size(IEnumerable<JsonElement> items, Func<JsonElement, long> size) => items.Sum(size);

    private static Row Line(string type, int total, int active, long size, long reclaimable) => new()
    {
        ["Type"] = type,
        ["TotalCount"] = total.ToString(CultureInfo.InvariantCulture),
        ["Active"] = active.ToString(CultureInfo.InvariantCulture),
        ["Size"] = ByteText.Decimal(size, 4),
        ["Reclaimable"] = size > 0 ? $"{ByteText.Decimal(reclaimable, 4)} ({reclaimable * 100 / size}%)" : ByteText.Decimal(reclaimable, 4),
    };
}
