using System.Text.Json;
using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Output;

namespace Berth.Cli.Commands;

/// <summary><c>berth port</c>.</summary>
internal sealed class PortVerb : Verb
{
    public override string Usage => "CONTAINER [PORT[/PROTOCOL]]";

    public override IReadOnlyList<string> Examples => ["port web", "port web 80"];

    public override int MinimumArguments => 1;

    public override int MaximumArguments => 2;

    public override CompletionSource Completes => CompletionSource.RunningContainers;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        using var answer = context.Api.Get($"/containers/{Query.Escape(arguments[0])}/json");
        var ports = answer.RootElement.Field("NetworkSettings").Field("Ports");
        var wanted = arguments.Count < 2 ? null : arguments[1].Contains('/', StringComparison.Ordinal) ? arguments[1] : $"{arguments[1]}/tcp";
        var any = false;
        foreach (var port in ports.ValueKind == JsonValueKind.Object ? ports.EnumerateObject().Where(port => wanted is null || port.Name == wanted) : [])
        {
            foreach (var binding in port.Value.ValueKind == JsonValueKind.Array ? port.Value.EnumerateArray() : default)
            {
                var address = binding.Text("HostIp");
                var text = $"{(address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address)}:{binding.Text("HostPort")}";
                context.Out.WriteLine(wanted is null ? $"{port.Name} -> {text}" : text);
                any = true;
            }
        }
        return wanted is not null && !any ? throw new CliException($"no public port '{wanted}' published for {arguments[0]}") : 0;
    }
}
