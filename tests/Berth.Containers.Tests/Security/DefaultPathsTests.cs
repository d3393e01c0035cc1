using Berth.Containers.Cgroups.V1;
using Berth.Containers.Security;
using Berth.Testing;

namespace Berth.Containers.Tests.Security;

/// <summary>The lists users rely on; a gap in them was an escape more than once.</summary>
public class DefaultPathsTests
{
    [Fact]
    public void Masked_ReferenceList_IsCovered()
    {
        string[] reference =
        [
            "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
            "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
        ];
        Assert.Empty(reference.Except(DefaultPaths.Masked));
    }

    [Fact]
    public void Masked_ThermalThrottle_IsThereForEveryCpu()
    {
        using var cpus = new TemporaryDirectory();
        foreach (string name in (string[])["cpu0/thermal_throttle", "cpu11/thermal_throttle", "cpu2", "cpufreq/thermal_throttle", "cpuidle"])
            Directory.CreateDirectory(cpus.Combine(name));
        Assert.Equal([cpus.Combine("cpu0/thermal_throttle"), cpus.Combine("cpu11/thermal_throttle")], DefaultPaths.ThermalThrottle(cpus.Path));
    }

    [Fact]
    public void Readonly_ReferenceList_IsCovered()
    {
        string[] reference = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
        Assert.Empty(reference.Except(DefaultPaths.Readonly));
    }

    [Fact]
    public void Rules_Default_DenyAllFirst()
    {
        Assert.False(DefaultDevices.Rules[0].Allow);
        Assert.Equal("a", Devices.Format(DefaultDevices.Rules[0]));
        Assert.Contains("c 1:3 rwm", DefaultDevices.Rules.Select(Devices.Format));
        Assert.Contains("c 136:* rwm", DefaultDevices.Rules.Select(Devices.Format));
        Assert.DoesNotContain("c 10:200 rwm", DefaultDevices.Rules.Select(Devices.Format));
    }

    [Theory]
    [InlineData("c 10:200 rwm")]
    [InlineData("b *:* m")]
    [InlineData("c 136:* rw")]
    public void ParseRule_Sound_RoundTrips(string rule) => Assert.Equal(rule, Devices.Format(DefaultDevices.ParseRule(rule)));

    [Theory]
    [InlineData("")]
    [InlineData("c 10 rwm")]
    [InlineData("x 1:3 r")]
    [InlineData("c 1:3 x")]
    [InlineData("c 1:3")]
    [InlineData("c -1:3 r")]
    [InlineData("c 1:3 rwmr")]
    public void ParseRule_Unsound_IsRefused(string rule) => Assert.Throws<ArgumentException>(() => DefaultDevices.ParseRule(rule));
}
