using System.Text;
using Berth.Linux;

namespace Berth.Oci;

/// <summary>Hands the master side of a terminal to whoever listens on a unix socket, as runc does.</summary>
internal static class ConsoleSocket
{
    public static void Send(string path, FileDescriptor master)
    {
        using FileDescriptor socket = Libc.ConnectUnix(path);
        Libc.SendDescriptors(socket, Encoding.ASCII.GetBytes("/dev/ptmx"), [master.Number]);
    }

    /// <summary>A terminal and a socket to hand it to come together.</summary>
    /// <exception cref="OciException">There is one without the other.</exception>
    public static void Check(bool terminal, string? path)
    {
        if (terminal && path is null) throw new OciException("process.terminal: give --console-socket, where the terminal is handed over");
        if (!terminal && path is not null) throw new OciException("--console-socket: the process has no terminal; set process.terminal");
    }
}
