using Berth.Engine.Instances;
using Berth.Engine.State;

namespace Berth.Engine.Tests.Instances;

public sealed class StatusTextTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(40);

    [Theory]
    [InlineData(0.4, "Less than a second")]
    [InlineData(1, "1 second")]
    [InlineData(59, "59 seconds")]
    [InlineData(60, "About a minute")]
    [InlineData(180, "3 minutes")]
    [InlineData(3600, "About an hour")]
    [InlineData(7200, "2 hours")]
    [InlineData(86400 * 3, "3 days")]
    [InlineData(86400 * 21, "3 weeks")]
    [InlineData(86400 * 90, "3 months")]
    [InlineData(86400 * 365 * 3, "3 years")]
    public void Duration_Lengths_ReadAsDockersDo(double seconds, string text) => Assert.Equal(text, StatusText.Duration(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void Of_States_ReadAsDockersDo()
    {
        var running = new InstanceState { Status = InstanceStatus.Running, StartedAt = Now.AddMinutes(-3) };
        Assert.Equal("Up 3 minutes", StatusText.Of(running, null, Now));
        Assert.Equal("Up 3 minutes (healthy)", StatusText.Of(running, "healthy", Now));
        Assert.Equal("Up 3 minutes (health: starting)", StatusText.Of(running, "starting", Now));
        Assert.Equal("Up 3 minutes (Paused)", StatusText.Of(running with { Status = InstanceStatus.Paused }, null, Now));
        Assert.Equal("Created", StatusText.Of(InstanceState.Initial, null, Now));
        InstanceState ended = running with { Status = InstanceStatus.Exited, ExitCode = 3, FinishedAt = Now.AddSeconds(-5) };
        Assert.Equal("Exited (3) 5 seconds ago", StatusText.Of(ended, null, Now));
        Assert.Equal("Restarting (3) 5 seconds ago", StatusText.Of(ended with { Status = InstanceStatus.Restarting }, null, Now));
    }
}
