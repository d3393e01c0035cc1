using System.Net.Sockets;
using System.Text.Json;
using Berth.Linux;
using Berth.Vmm.Agent;
using Berth.Vmm.Control;

namespace Berth.Vmm;

/// <summary><c>berth-vmm exec</c>: stands for a process in the guest. It hands its own standard streams to the machine, passes signals on and
/// ends as the process ends.</summary>
internal static class ExecClient
{
    /// <summary>The variable that holds the process when no argument does: arguments can be read by every user of the host, and an environment may hold secrets.</summary>
    public const string ProcessVariable = "BERTH_PROCESS";

    private const int EngineError = 125;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30), s_step = TimeSpan.FromMilliseconds(20);

    public static int Run(string socketPath, string json)
    {
        WorkloadConfig workload = JsonSerializer.Deserialize(json, ControlJson.Default.WorkloadConfig) ?? throw new JsonException("no process");
        using FileDescriptor input = new(0, ownsHandle: false), output = new(1, ownsHandle: false), error = new(2, ownsHandle: false);
        bool terminal = workload.Tty && Libc.IsTerminal(input);
        (int rows, int columns) = terminal ? HostTerminal.SizeOf(input) : (0, 0);
        if (terminal) HostTerminal.MakeRaw(input);
        using Socket socket = Connect(socketPath);
        using SignalForwarding signals = new(
            signal => Send(socket, new() { Op = ControlOperation.Signal, Signal = signal }),
            () =>
            {
                if (terminal && HostTerminal.SizeOf(input) is var (r, c)) Send(socket, new() { Op = ControlOperation.Resize, Rows = r, Columns = c });
            });
        byte[] line = ControlSocket.Line(new() { Op = ControlOperation.Exec, Process = workload, Rows = rows, Columns = columns });
        int sent = Libc.SendDescriptors(socket.SafeHandle, line, [0, 1, 2]);
        if (sent < line.Length) socket.Send(line.AsSpan(sent));
        using NetworkStream stream = new(socket);
        ControlReply reply = ControlSocket.ReadReplyAsync(stream, CancellationToken.None).GetAwaiter().GetResult();
        if (reply.Error is not null) Console.Error.WriteLine(reply.Error);
        return reply.ExitCode ?? EngineError;
    }

    // A machine that has just been started does not listen yet. One that has ended takes this process with it.
    private static Socket Connect(string path)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return ControlSocket.Connect(path);
            }
            catch (IOException) when (TimeProvider.System.GetElapsedTime(start) < s_patience)
            {
                Thread.Sleep(s_step);
            }
        }
    }

    private static void Send(Socket socket, ControlRequest request)
    {
        try
        {
            lock (socket) socket.Send(ControlSocket.Line(request));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The process has ended.
        }
    }
}
