using Berth.Cli.Api;
using Berth.Cli.CommandLine;

namespace Berth.Cli.Commands;

/// <summary><c>berth kernel import</c>.</summary>
internal sealed class KernelImportVerb : Verb
{
    public override string Usage => "NAME FILE";

    public override IReadOnlyList<string> Examples => ["kernel import mine arch/x86/boot/bzImage", "run --rm --vm --kernel mine busybox uname -r"];

    public override Flag[] Flags => [];

    public override int MinimumArguments => 2;

    public override int MaximumArguments => 2;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        using var file = File.OpenRead(arguments[1]);
        var target = new Query($"/berth/kernels/{Query.Escape(arguments[0])}").Add("source", Path.GetFullPath(arguments[1])).ToString();
        using (context.Api.Upload("POST", target, file, "application/octet-stream"))
        {
            context.Out.WriteLine(arguments[0]);
        }
        return 0;
    }
}
