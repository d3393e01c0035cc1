using System.Runtime.InteropServices;
using Berth.Daemon.Routes;
using Berth.Engine;
using Microsoft.Extensions.Logging;

namespace Berth.Daemon.Hosting;

/// <summary>The life of berthd: lock, engine, listener, signal, end. Workloads outlive it.</summary>
internal static partial class DaemonProcess
{
    /// <summary>Runs until SIGTERM or SIGINT; the result is the exit code.</summary>
    public static async Task<int> RunAsync(DaemonOptions options)
    {
        using var logs = new StderrLog(options.LogLevel, TimeProvider.System);
        ILogger logger = logs.CreateLogger("Berth.Daemon");
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration terminate = Stop(PosixSignal.SIGTERM), interrupt = Stop(PosixSignal.SIGINT);
        // The terminal that happened to start the daemon may be closed.
        using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => context.Cancel = true);

        Directory.CreateDirectory(options.RunRoot);
        using DaemonLock single = DaemonLock.Take(options.RunRoot);
        await using BerthEngine engine = await BerthEngine.StartAsync(
            new EngineOptions
            {
                DataRoot = options.DataRoot,
                RunRoot = options.RunRoot,
                CgroupParent = options.CgroupParent,
                AddressPools = options.AddressPools,
                PrivateUserNamespaces = options.UsernsRemap,
                Registries = options.Registries,
                Version = BuildInfo.Version,
            },
            logs, TimeProvider.System, default);
        await using (await ApiListener.StartAsync(options.Listen, RouteTable.All(engine, options), logs, default))
        {
            Log.Ready(logger, string.Join(", ", options.Listen));
            using var trim = new CancellationTokenSource();
            Task trimming = IdleTrim.RunAsync(TimeProvider.System, trim.Token);
            await stop.Task;
            await trim.CancelAsync();
            await trimming;
            Log.Stopping(logger);
        }
        foreach (System.Net.EndPoint endpoint in options.Listen.Where(endpoint => endpoint is System.Net.Sockets.UnixDomainSocketEndPoint))
        {
            File.Delete(endpoint.ToString()!);
        }
        return 0;

        PosixSignalRegistration Stop(PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            stop.TrySetResult();
        });
    }

    private static partial class Log
    {
        [LoggerMessage(10, LogLevel.Information, "ready on {Endpoints}")]
        public static partial void Ready(ILogger logger, string endpoints);

        [LoggerMessage(11, LogLevel.Information, "stopping; workloads go on")]
        public static partial void Stopping(ILogger logger);
    }
}
