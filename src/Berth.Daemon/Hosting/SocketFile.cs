using System.Net;
using System.Net.Sockets;
using Berth.Linux;

namespace Berth.Daemon.Hosting;

/// <summary>Listening sockets. A unix socket appears under its name only with its final owner and mode, in place of a dead one.</summary>
internal static class SocketFile
{
    /// <summary>Binds without listening yet, as Kestrel wants it.</summary>
    public static Socket Bind(EndPoint endpoint)
    {
        if (endpoint is not UnixDomainSocketEndPoint unix)
        {
            var tcp = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            tcp.Bind(endpoint);
            return tcp;
        }
        string path = unix.ToString();
        string temporary = path + ".new";
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Delete(temporary);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(temporary));
        SetAccess(temporary);
        File.Move(temporary, path, overwrite: true);
        return socket;
    }

    // Members of the group "docker" may do with Berth what they may do with Docker; without such a group only root may.
    private static void SetAccess(string path)
    {
        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        File.SetUnixFileMode(path, Owner);
        if (GroupId("docker") is { } group && Environment.UserName == "root")
        {
            Libc.ChangeOwnerAt(null, path, 0, group);
            File.SetUnixFileMode(path, Owner | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
        }
    }

    private static uint? GroupId(string name)
    {
        foreach (string line in File.Exists("/etc/group") ? File.ReadLines("/etc/group") : [])
        {
            if (line.Split(':') is [var group, _, var id, ..] && group == name && uint.TryParse(id, out uint number))
            {
                return number;
            }
        }
        return null;
    }
}
