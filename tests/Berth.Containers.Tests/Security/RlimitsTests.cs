using Berth.Containers.Security;
using Berth.Containers.Spec;
using Berth.Linux;

namespace Berth.Containers.Tests.Security;

public class RlimitsTests
{
    [Fact]
    public void TryGetResource_Names_AreTheKernelsNumbers()
    {
        Assert.True(Rlimits.TryGetResource("RLIMIT_NOFILE", out int nofile));
        Assert.Equal(Libc.RLIMIT_NOFILE, nofile);
        Assert.True(Rlimits.TryGetResource("RLIMIT_RTTIME", out int rttime));
        Assert.Equal(Libc.RLIMIT_RTTIME, rttime);
        Assert.False(Rlimits.TryGetResource("NOFILE", out _));
    }

    [Fact]
    public void FromUlimit_NoLimit_IsInfinity() =>
        Assert.Equal(new RlimitSpec { Type = "RLIMIT_CORE", Soft = 0, Hard = Rlimits.Infinity }, Rlimits.FromUlimit("core", 0, -1));

    [Theory]
    [InlineData("luck", 1, 1)]
    [InlineData("NOFILE", 1, 1)]
    [InlineData("nofile", 2, 1)]
    [InlineData("nofile", -1, 1)]
    [InlineData("nofile", -2, -2)]
    public void FromUlimit_Unsound_IsRefused(string name, long soft, long hard) => Assert.Throws<ArgumentException>(() => Rlimits.FromUlimit(name, soft, hard));

    [Fact]
    public void Clamp_AboveTheHostsLimit_IsCutWithAWarning()
    {
        var wanted = new RlimitSpec { Type = "RLIMIT_NOFILE", Soft = 5000, Hard = 9000 };
        Assert.Equal(wanted with { Soft = 4096, Hard = 4096 }, Rlimits.Clamp(wanted, 4096, mayRaise: false, out string? warning));
        Assert.Contains("RLIMIT_NOFILE", warning, StringComparison.Ordinal);
        Assert.Equal(wanted, Rlimits.Clamp(wanted, 4096, mayRaise: true, out warning));
        Assert.Null(warning);
    }
}
