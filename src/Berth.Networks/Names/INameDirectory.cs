using System.Net;

namespace Berth.Networks.Names;

/// <summary>Who has which name. Called by many threads at once.</summary>
public interface INameDirectory
{
    /// <summary>What a client, known by its address, gets to know of a name (lower case, without a final dot).</summary>
    NameReply Find(IPAddress client, string name);

    /// <summary>The same for an address whose name is asked for.</summary>
    NameReply FindName(IPAddress client, IPAddress address);
}
