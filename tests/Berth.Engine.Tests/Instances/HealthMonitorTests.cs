using Berth.Engine.Instances;

namespace Berth.Engine.Tests.Instances;

public sealed class HealthMonitorTests
{
    private static readonly HealthView Starting = new() { Status = "starting" };

    private static HealthProbeView Probe(int code) => new() { Start = "", End = "", ExitCode = code };

    [Fact]
    public void Next_FailuresInARow_MakeUnhealthyAndOneSuccessHeals()
    {
        HealthView view = HealthMonitor.Next(HealthMonitor.Next(Starting, Probe(1), 2, false), Probe(1), 2, false);
        Assert.Equal(("unhealthy", 2), (view.Status, view.FailingStreak));
        Assert.Equal(("healthy", 0), (HealthMonitor.Next(view, Probe(0), 2, false).Status, HealthMonitor.Next(view, Probe(0), 2, false).FailingStreak));
    }

    [Fact]
    public void Next_StartPeriod_FailuresDoNotCountUntilTheFirstSuccess()
    {
        Assert.Equal("starting", HealthMonitor.Next(Starting, Probe(1), 1, true).Status);
        HealthView healthy = HealthMonitor.Next(Starting, Probe(0), 1, true);
        Assert.Equal("unhealthy", HealthMonitor.Next(healthy, Probe(1), 1, true).Status);
    }

    [Fact]
    public void Next_ManyProbes_KeepsFive()
    {
        HealthView view = Starting;
        for (int i = 0; i < 9; i++)
            view = HealthMonitor.Next(view, Probe(0), 3, false);
        Assert.Equal(5, view.Log.Count);
    }
}
