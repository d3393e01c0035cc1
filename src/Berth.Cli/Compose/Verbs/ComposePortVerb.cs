using System.Text.Json;
using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Compose;

namespace Berth.Cli.Compose.Verbs;

/// <summary><c>berth compose port</c>.</summary>
internal sealed class ComposePortVerb(ComposeFlags flags) : ComposeCommand(flags)
{
    private readonly TextFlag _protocol = new("protocol", "tcp|udp", "Protocol of the port (default tcp)");
    private readonly NumberFlag _index = new("index", "NUMBER", "The container of that number");

    public override string Usage => "[OPTIONS] SERVICE PORT";

    public override IReadOnlyList<string> Examples => ["compose port web 80"];

    public override Flag[] Flags => [_protocol, _index];

    public override int MinimumArguments => 2;

    public override int MaximumArguments => 2;

    protected override int Run(ComposeSession session, IReadOnlyList<string> arguments)
    {
        var (_, name) = session.LoadIfAny(arguments[0]);
        var container = session.Container(name, arguments[0], _index.Value);
        var port = $"{arguments[1]}/{_protocol.Value ?? "tcp"}";
        using var answer = session.Context.Api.Get($"/containers/{container.Id}/json");
        var bindings = answer.RootElement.Field("NetworkSettings").Field("Ports").Items(port).ToList();
        if (bindings.Count == 0)
        {
            throw new ComposeException($"port {port} of {container.Name} is not published");
        }
        session.Context.Out.WriteLine(Address(bindings[0]));
        return 0;
    }

    private static string Address(JsonElement binding)
    {
        var host = binding.Text("HostIp");
        return $"{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{binding.Text("HostPort")}";
    }
}
