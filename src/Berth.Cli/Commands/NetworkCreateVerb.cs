using Berth.Cli.CommandLine;
using Berth.Cli.Output;
using Berth.Cli.Parsing;

namespace Berth.Cli.Commands;

/// <summary><c>berth network create</c>.</summary>
internal sealed class NetworkCreateVerb : Verb
{
    private readonly TextFlag _driver = new("driver", 'd', "NAME", "Driver (default bridge)");
    private readonly ListFlag _subnet = new("subnet", "CIDR", "Subnet such as 10.5.0.0/16; one for IPv4, one for IPv6");
    private readonly ListFlag _gateway = new("gateway", "ADDRESS", "Address of the bridge in its subnet");
    private readonly ListFlag _range = new("ip-range", "CIDR", "Part of a subnet that addresses are taken from");
    private readonly ListFlag _auxiliary = new("aux-address", "NAME=ADDRESS", "Address that is never given");
    private readonly BoolFlag _internal = new("internal", "Nothing outside can be reached");
    private readonly BoolFlag _ipv6 = new("ipv6", "IPv6 addresses as well");
    private readonly BoolFlag _attachable = new("attachable", "Kept for inspect; every network can be joined");
    private readonly ListFlag _label = new("label", "NAME[=VALUE]", "Attach a label");
    private readonly ListFlag _option = new("opt", 'o', "NAME=VALUE", "Driver option");

    public override string Usage => "[OPTIONS] NETWORK";

    public override IReadOnlyList<string> Examples => ["network create web", "network create --subnet 10.5.0.0/16 --gateway 10.5.0.254 web", "network create --internal data"];

    public override Flag[] Flags => [_driver, _subnet, _gateway, _range, _auxiliary, _internal, _ipv6, _attachable, _label, _option];

    public override int MinimumArguments => 1;

    public override int MaximumArguments => 1;

    public override int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        using var answer = context.Api.Post("/networks/create", JsonWriting.Object(json =>
        {
            json.WriteString("Name", arguments[0]);
            json.WriteString("Driver", _driver.Value ?? "bridge");
            json.WriteBoolean("Internal", _internal.Value);
            json.WriteBoolean("EnableIPv6", _ipv6.Value);
            json.WriteBoolean("Attachable", _attachable.Value);
            WriteSubnets(json);
            json.WriteMapIfAny("Options", KeyValue.Pairs(_option.Values, "opt", valueRequired: false));
            json.WriteMapIfAny("Labels", KeyValue.Labels([], _label.Values));
        }));
        context.Out.WriteLine(answer?.RootElement.Text("Id"));
        return 0;
    }

    // Gateways, ranges and reserved addresses belong to the subnet of their family.
    private void WriteSubnets(JsonText json)
    {
        var reserved = KeyValue.Pairs(_auxiliary.Values, "aux-address");
        if (_subnet.Values.Length == 0 && (_gateway.Values.Length > 0 || _range.Values.Length > 0 || reserved.Count > 0))
        {
            throw new UsageException("--gateway, --ip-range and --aux-address need a --subnet");
        }
        json.WriteStartObject("IPAM");
        json.WriteString("Driver", "default");
        json.WriteStartArray("Config");
        foreach (var subnet in _subnet.Values)
        {
            var second = IsSecond(subnet);
            json.WriteStartObject();
            json.WriteString("Subnet", subnet);
            json.WriteIfAny("Gateway", _gateway.Values.FirstOrDefault(address => IsSecond(address) == second));
            json.WriteIfAny("IPRange", _range.Values.FirstOrDefault(range => IsSecond(range) == second));
            json.WriteMapIfAny("AuxiliaryAddresses", reserved.Where(address => IsSecond(address.Value) == second).ToDictionary());
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static bool IsSecond(string address) => address.Contains(':', StringComparison.Ordinal);
}
