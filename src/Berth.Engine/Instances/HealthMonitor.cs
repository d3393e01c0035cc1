using System.Text;
using Berth.Engine.Configuration;
using Berth.Engine.Execs;
using Berth.Engine.State;

namespace Berth.Engine.Instances;

/// <summary>Probes one running instance until it is stopped.</summary>
internal sealed class HealthMonitor(EngineContext context, Instance instance, ExecService execs, HealthConfig config)
{
    private const int LogLength = 5;
    private const int OutputLimit = 4096;
    private static readonly string[] DefaultShell = ["/bin/sh", "-c"];
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(context.Stopping.Token);
    private volatile HealthView _view = new() { Status = "starting" };

    /// <summary>Result so far.</summary>
    public HealthView View => _view;

    public static bool IsWanted(HealthConfig? config) => config?.Test is ["CMD", ..] or ["CMD-SHELL", ..];

    public void Start() => _ = RunAsync(_stop.Token);

    public void Stop()
    {
        _stop.Cancel();
        if (_view.Status != "unhealthy")
            _view = _view with { Status = "unhealthy" };
    }

    /// <summary>The next result, from the last one and a probe. Pure.</summary>
    internal static HealthView Next(HealthView last, HealthProbeView probe, int retries, bool inStartPeriod)
    {
        List<HealthProbeView> log = [.. last.Log.TakeLast(LogLength - 1), probe];
        if (probe.ExitCode == 0)
            return new HealthView { Status = "healthy", FailingStreak = 0, Log = log };
        // Failures count from the first success or the end of the grace time on.
        if (inStartPeriod && last.Status == "starting")
            return last with { Log = log };
        int streak = last.FailingStreak + 1;
        return new HealthView { Status = streak >= retries ? "unhealthy" : last.Status, FailingStreak = streak, Log = log };
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        TimeSpan interval = Duration(config.Interval, 30);
        TimeSpan startInterval = Duration(config.StartInterval, 5);
        TimeSpan startPeriod = Duration(config.StartPeriod, 0);
        int retries = config.Retries > 0 ? config.Retries : 3;
        DateTimeOffset begun = context.Clock.GetUtcNow();
        try
        {
            while (true)
            {
                bool starting = _view.Status == "starting" && context.Clock.GetUtcNow() - begun < startPeriod;
                await Task.Delay(starting && startInterval < interval ? startInterval : interval, context.Clock, cancellationToken);
                if (instance.State.Status != InstanceStatus.Running)
                    continue;
                HealthProbeView probe = await ProbeAsync(cancellationToken);
                HealthView last = _view;
                bool grace = context.Clock.GetUtcNow() - begun < startPeriod;
                cancellationToken.ThrowIfCancellationRequested();
                _view = Next(last, probe, retries, grace);
                if (_view.Status != last.Status)
                    context.Events.Publish(instance, $"health_status: {_view.Status}");
            }
        }
        catch (OperationCanceledException)
        {
            // The instance ended.
        }
        catch (Exception e)
        {
            EngineLog.Failed(context.Log, instance.Id, "health probing", e);
        }
    }

    private async Task<HealthProbeView> ProbeAsync(CancellationToken cancellationToken)
    {
        TimeSpan timeout = Duration(config.Timeout, 30);
        IReadOnlyList<string> shell = instance.Definition.Config.Shell is { Count: > 0 } own ? own : DefaultShell;
        IReadOnlyList<string> command = config.Test![0] == "CMD" ? [.. config.Test.Skip(1)] : [.. shell, config.Test[1]];
        DateTimeOffset start = context.Clock.GetUtcNow();
        int exitCode;
        string output;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using ITimer timer = context.Clock.CreateTimer(_ => limit.Cancel(), null, timeout, Timeout.InfiniteTimeSpan);
        try
        {
            (exitCode, byte[] bytes) = await execs.ProbeAsync(instance, command, OutputLimit, limit.Token);
            output = Encoding.UTF8.GetString(bytes);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            (exitCode, output) = (-1, $"Health check exceeded timeout ({timeout})");
        }
        catch (EngineException e)
        {
            (exitCode, output) = (-1, e.Message);
        }
        return new HealthProbeView
        {
            Start = DockerTime.Format(start),
            End = DockerTime.Format(context.Clock.GetUtcNow()),
            ExitCode = exitCode,
            Output = output,
        };
    }

    private static TimeSpan Duration(long nanoseconds, int defaultSeconds) =>
        nanoseconds > 0 ? TimeSpan.FromTicks(Math.Max(1, nanoseconds / 100)) : TimeSpan.FromSeconds(defaultSeconds);
}
