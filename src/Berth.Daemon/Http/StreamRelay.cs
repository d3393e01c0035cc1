using System.IO.Pipelines;
using Berth.Engine.Instances;

namespace Berth.Daemon.Http;

/// <summary>Carries bytes between a hijacked client and a workload until the workload's output has ended or the client is gone.</summary>
internal static class StreamRelay
{
    private const int ReadSize = 32 * 1024;

    private static readonly TimeSpan GoneCheck = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Relays both ways. The client's half-close ends the workload's input only; output goes on to its last byte. Bytes that the
    /// client sends although it asked for no input are read and dropped.
    /// </summary>
    public static async Task RunAsync(HijackedStream client, Attachment workload, bool input, CancellationToken stopping)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        Task inputs = ServeInputAsync(client, workload, input, gone);
        try
        {
            await CopyOutputAsync(workload.Stream, client, gone.Token);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The workload's end broke off or the daemon stops: what was received has been sent.
        }
        await gone.CancelAsync();
        client.Input.CancelPendingRead();
        // Also ends an input write that the workload does not take.
        await workload.DisposeAsync();
        await inputs;
        await client.DisposeAsync();
    }

    private static async Task CopyOutputAsync(Stream workload, HijackedStream client, CancellationToken stopping)
    {
        PipeWriter output = client.Output;
        for (bool first = true; ; first = false)
        {
            int count = await workload.ReadAsync(output.GetMemory(ReadSize), stopping);
            if (count == 0)
            {
                return;
            }
            output.Advance(count);
            if (first)
            {
                await client.HeadTakenAsync(stopping);
            }
            if ((await output.FlushAsync(stopping)).IsCompleted)
            {
                return;
            }
        }
    }

    // A client that leaves after its half-close would be noticed by the next output only, which may never come.
    private static async Task ServeInputAsync(HijackedStream client, Attachment workload, bool wanted, CancellationTokenSource gone)
    {
        await CopyInputAsync(client.Input, workload, wanted);
        while (!gone.IsCancellationRequested && !client.IsClientGone())
        {
            await Task.Delay(GoneCheck, gone.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await gone.CancelAsync();
    }

    private static async Task CopyInputAsync(PipeReader client, Attachment workload, bool wanted)
    {
        try
        {
            while (true)
            {
                ReadResult result = await client.ReadAsync();
                if (wanted)
                {
                    foreach (ReadOnlyMemory<byte> piece in result.Buffer)
                    {
                        await workload.Stream.WriteAsync(piece);
                    }
                }
                client.AdvanceTo(result.Buffer.End);
                if (result.IsCanceled)
                {
                    return;
                }
                if (result.IsCompleted)
                {
                    break;
                }
            }
            if (wanted)
            {
                workload.CloseInput();
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            // The workload takes no more input; its output goes on.
        }
    }
}
