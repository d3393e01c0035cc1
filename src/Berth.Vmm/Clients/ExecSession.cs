using System.Net.Sockets;
using System.Text.Json;
using Berth.Guest;
using Berth.Linux;
using Berth.Vmm.Agent;
using Berth.Vmm.Control;

namespace Berth.Vmm.Clients;

/// <summary>A further process in the guest, with the client's own standard streams. It is killed when the client goes.</summary>
internal sealed class ExecSession(Socket client, LineReader lines, MachineAccess machine)
{
    private const int SignalKill = 9;

    public void Run(ControlRequest request)
    {
        FileDescriptor[] streams = lines.TakeDescriptors();
        try
        {
            if (request.Process is not { Args.Count: > 0 } workload) throw new IOException("process.args: are missing");
            if (streams.Length != 3) throw new IOException("an exec needs three descriptors: standard input, output and error");
            Run(workload, (request.Rows, request.Columns), streams);
        }
        finally
        {
            foreach (FileDescriptor stream in streams) stream.Dispose();
        }
    }

    private void Run(WorkloadConfig workload, (int Rows, int Columns) size, FileDescriptor[] streams)
    {
        GuestProcess process;
        try
        {
            GuestChannel channel = machine.Channel.GetAwaiter().GetResult();
            process = channel.StartAsync(WorkloadSpecs.Process(workload, size, isMain: false)).GetAwaiter().GetResult();
        }
        catch (GuestException e)
        {
            ControlServer.Send(client, new() { ExitCode = e.ExitCode, Error = e.Message });
            return;
        }
        StdioRelay relay = new(process, workload.OpenStdin ? streams[0] : null, streams[1], workload.Tty ? null : streams[2]);
        Task answered = AnswerAsync(process, relay);
        try
        {
            while (lines.Next() is { } line) Take(process, line);
        }
        catch (Exception e) when (e is LinuxException or JsonException)
        {
            // Gone, or nonsense: the same.
        }
        if (!process.Exited.IsCompleted) process.SignalAsync(SignalKill).GetAwaiter().GetResult();
        answered.GetAwaiter().GetResult();
    }

    private static void Take(GuestProcess process, byte[] line)
    {
        ControlRequest request = JsonSerializer.Deserialize(line, ControlJson.Default.ControlRequest) ?? new ControlRequest();
        if (request is { Op: ControlOperation.Signal, Signal: >= 1 and <= 64 }) process.SignalAsync(request.Signal).GetAwaiter().GetResult();
        if (request is { Op: ControlOperation.Resize, Rows: > 0 and <= ushort.MaxValue, Columns: > 0 and <= ushort.MaxValue })
            process.ResizeAsync(request.Rows, request.Columns).GetAwaiter().GetResult();
    }

    private async Task AnswerAsync(GuestProcess process, StdioRelay relay)
    {
        ControlReply reply;
        try
        {
            GuestExit exit = await process.Exited;
            await relay.Drained;
            reply = new() { ExitCode = exit.ExitCode };
        }
        catch (IOException)
        {
            reply = new() { ExitCode = 128 + SignalKill };
        }
        try
        {
            ControlServer.Send(client, reply);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The client went first.
        }
    }
}
