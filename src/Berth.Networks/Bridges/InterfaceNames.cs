using System.Security.Cryptography;
using System.Text;

namespace Berth.Networks.Bridges;

/// <summary>
/// Names of one daemon's interfaces and of its table, unlike those of any other daemon on the host: they are made of its run root, and the
/// kernel's limit is 15 bytes.
/// </summary>
public sealed class InterfaceNames
{
    private const int IdDigits = 7;
    private readonly string _tag;

    /// <summary>The names of the daemon with that run root.</summary>
    public InterfaceNames(string runRoot)
    {
        _tag = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(runRoot)))[..5];
        bool usual = runRoot == "/run/berth";
        DefaultBridge = usual ? "berth0" : $"berth{_tag}";
        Table = usual ? "berth" : $"berth-{_tag}";
    }

    /// <summary>Bridge of the network <c>bridge</c>.</summary>
    public string DefaultBridge { get; }

    /// <summary>The table of nftables.</summary>
    public string Table { get; }

    /// <summary>Bridge of a network, by its id.</summary>
    public string Bridge(string networkId) => $"br{_tag}-{networkId[..IdDigits]}";

    /// <summary>Host's end of a container's interface, by the endpoint's id.</summary>
    public string Port(string endpointId) => $"ve{_tag}-{endpointId[..IdDigits]}";

    /// <summary>Tap of a virtual machine, by the endpoint's id.</summary>
    public string Tap(string endpointId) => $"vt{_tag}-{endpointId[..IdDigits]}";

    /// <summary>Whether an interface is this daemon's.</summary>
    public bool IsOurs(string name) => name == DefaultBridge
        || (name.Length > 8 && name[..2] is ("br" or "ve" or "vt") && name[2..].StartsWith(_tag + "-", StringComparison.Ordinal));
}
