using System.Globalization;
using Berth.Engine.State;
using Berth.Networks;
using Berth.Networks.Addresses;
using Berth.Networks.Bridges;
using Berth.Networks.Names;

namespace Berth.Engine.Networks;

/// <summary>One bridge network in memory.</summary>
internal sealed class Network
{
    public const string DefaultName = "bridge";
    public const string MtuOption = "com.docker.network.driver.mtu";
    public const string MasqueradeOption = "com.docker.network.bridge.enable_ip_masquerade";
    private const int DefaultMtu = 1500;

    private volatile NetworkRow _row;
    private volatile BridgeConfig _bridge;

    /// <exception cref="NetworkException">The addresses do not fit together.</exception>
    public Network(NetworkRow row) => (_row, _bridge) = (row, Plan(row));

    public string Id => _row.Id;

    public string Name => _row.Name;

    public bool IsDefault => _row.Name == DefaultName;

    public NetworkRow Row => _row;

    /// <summary>The host's side of it.</summary>
    public BridgeConfig Bridge => _bridge;

    /// <summary>One change of the host's side at a time.</summary>
    public SemaphoreSlim Gate { get; } = new(1, 1);

    /// <summary>Answers on its bridge; null while the bridge is down.</summary>
    public NameServer? Names { get; set; }

    /// <summary>It was removed: nothing may bring its bridge up again.</summary>
    public bool IsRemoved { get; set; }

    public void Change(NetworkRow row) => (_row, _bridge) = (row, Plan(row));

    private static BridgeConfig Plan(NetworkRow row) => new()
    {
        Name = row.Bridge,
        IPv4 = Plan(row.IPv4),
        IPv6 = row.IPv6 is null ? null : Plan(row.IPv6),
        IsInternal = row.IsInternal,
        Masquerades = row.Options.GetValueOrDefault(MasqueradeOption) is not ("false" or "0"),
        Mtu = row.Options.GetValueOrDefault(MtuOption) is { } mtu ? int.Parse(mtu, CultureInfo.InvariantCulture) : DefaultMtu,
    };

    private static AddressPlan Plan(SubnetRow subnet) => AddressPlan.Create(subnet.Subnet, subnet.Range, subnet.Gateway, subnet.Auxiliary?.Values);
}
