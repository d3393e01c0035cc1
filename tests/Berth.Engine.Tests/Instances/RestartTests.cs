using Berth.Engine.Configuration;
using Berth.Engine.Instances;
using Berth.Engine.State;

namespace Berth.Engine.Tests.Instances;

public sealed class RestartTests
{
    [Fact]
    public void Next_ShortRuns_DoubleUpToAMinute()
    {
        var backoff = new RestartBackoff();
        double[] delays = [.. Enumerable.Range(0, 12).Select(_ => backoff.Next(TimeSpan.FromSeconds(1)).TotalMilliseconds)];
        Assert.Equal([100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000], delays);
        Assert.Equal(TimeSpan.FromMilliseconds(100), backoff.Next(TimeSpan.FromSeconds(10)));
    }

    [Theory]
    [InlineData("no", 1, 0, false, false)]
    [InlineData("always", 0, 99, false, true)]
    [InlineData("always", 0, 0, true, false)]
    [InlineData("unless-stopped", 1, 0, true, false)]
    [InlineData("on-failure", 0, 0, false, false)]
    [InlineData("on-failure", 1, 2, false, true)]
    [InlineData("on-failure", 1, 3, false, false)]
    public void AfterExit_Policies_Decide(string policy, int exitCode, int restarts, bool stopped, bool again)
    {
        var state = new InstanceState { RestartCount = restarts, ManuallyStopped = stopped };
        Assert.Equal(again, RestartRules.AfterExit(new RestartPolicy { Name = policy, MaximumRetryCount = policy == "on-failure" ? 3 : 0 }, state, exitCode));
    }

    [Theory]
    [InlineData("always", true, true)]
    [InlineData("unless-stopped", true, false)]
    [InlineData("unless-stopped", false, true)]
    [InlineData("on-failure", false, false)]
    public void AtEngineStart_StoppedOnes_FollowThePolicy(string policy, bool stopped, bool again) =>
        Assert.Equal(again, RestartRules.AtEngineStart(new RestartPolicy { Name = policy }, new InstanceState { StartedAt = DateTimeOffset.UnixEpoch, ManuallyStopped = stopped }));
}
