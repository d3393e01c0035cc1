using System.Net;
using System.Net.Sockets;

namespace Berth.Daemon.Hosting;

/// <summary>Addresses of the form <c>unix:///path</c>, and <c>tcp://127.0.0.1:port</c> for those who insist.</summary>
internal static class ListenAddress
{
    // [unix(7)] sun_path holds 108 bytes with the final zero; the temporary name of a binding socket is six bytes longer.
    private const int MaxPath = 101;

    /// <summary>Parses one address; a wrong or forbidden one is a <see cref="FormatException"/>.</summary>
    public static EndPoint Parse(string host, bool allowInsecureTcp)
    {
        if (host.StartsWith("unix://", StringComparison.Ordinal))
        {
            string path = host["unix://".Length..];
            if (!path.StartsWith('/'))
            {
                throw new FormatException($"--host: \"{host}\" must hold an absolute path, as in unix:///run/berth/berth.sock");
            }
            return path.Length <= MaxPath
                ? new UnixDomainSocketEndPoint(path)
                : throw new FormatException($"--host: the socket's path is longer than {MaxPath} bytes: choose a shorter --run-root or --host");
        }
        if (!host.StartsWith("tcp://", StringComparison.Ordinal) || !IPEndPoint.TryParse(host["tcp://".Length..], out IPEndPoint? address) || address.Port == 0)
        {
            throw new FormatException($"--host: \"{host}\" is neither unix:///path nor tcp://127.0.0.1:port");
        }
        if (!IPAddress.IsLoopback(address.Address))
        {
            throw new FormatException($"--host: {host} is not a loopback address; the API has no authentication, so it is never offered to a network");
        }
        return allowInsecureTcp
            ? address
            : throw new FormatException($"--host: {host} gives every local user control of this machine as root; add --allow-insecure-tcp if that is meant");
    }
}
