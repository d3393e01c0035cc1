using System.Net;
using Berth.Networks.Names;

namespace Berth.Networks.Tests.Names;

/// <summary>Knows <c>web</c> and its address; sends the rest to given servers, or refuses it.</summary>
internal sealed class FixedDirectory(IReadOnlyList<IPAddress> web, IReadOnlyList<IPAddress>? servers = null) : INameDirectory
{
    public NameReply Find(IPAddress client, string name) => name == "web" ? new NameReply { Addresses = web } : Elsewhere;

    public NameReply FindName(IPAddress client, IPAddress address) => web.Contains(address) ? new NameReply { Pointer = "web.net" } : Elsewhere;

    private NameReply Elsewhere => servers is null ? NameReply.Refused : new NameReply { Forward = servers };
}
