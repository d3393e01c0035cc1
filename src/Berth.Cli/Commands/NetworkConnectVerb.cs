using Berth.Cli.Api;
using Berth.Cli.CommandLine;

namespace Berth.Cli.Commands;

/// <summary><c>berth network connect</c>.</summary>
internal sealed class NetworkConnectVerb : Verb
{
    private readonly ListFlag _alias = new("alias", "NAME", "Another name in the network");
    private readonly TextFlag _ip = new("ip", "ADDRESS", "IPv4 address in the network");
    private readonly TextFlag _ip6 = new("ip6", "ADDRESS", "IPv6 address in the network");

    public override string Usage => "[OPTIONS] NETWORK CONTAINER";

    public override IReadOnlyList<string> Examples => ["network connect --alias db data web"];

    public override Flag[] Flags => [_alias, _ip, _ip6];

    public override int MinimumArguments => 2;

    public override int MaximumArguments => 2;

    public override CompletionSource Completes => CompletionSource.Networks;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        using (context.Api.Post($"/networks/{Query.Escape(arguments[0])}/connect", JsonWriting.Object(json =>
        {
            json.WriteString("Container", arguments[1]);
            json.WriteStartObject("EndpointConfig");
            json.WriteListIfAny("Aliases", _alias.Values);
            json.WriteStartObject("IPAMConfig");
            json.WriteIfAny("IPv4Address", _ip.Value);
            json.WriteIfAny("IPv6Address", _ip6.Value);
            json.WriteEndObject();
            json.WriteEndObject();
        })))
        {
            return 0;
        }
    }
}
