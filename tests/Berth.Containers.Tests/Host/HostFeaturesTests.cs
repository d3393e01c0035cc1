using Berth.Containers.Host;
using Berth.Containers.Security;
using Berth.Testing;

namespace Berth.Containers.Tests.Host;

public class HostFeaturesTests
{
    [Fact]
    public void Probe_ThisHost_EveryFeatureHasAReason()
    {
        HostFeatures features = HostFeatures.Probe();
        Assert.All(features.All, static f => Assert.NotEmpty(f.Reason));
        Assert.Equal(features.All.Count, features.All.Select(static f => f.Name).Distinct().Count());
        Assert.True(features.Kernel.Major >= 4);
    }

    [Fact]
    public void Probe_EmptyHost_EverythingRequiredIsMissingWithARemedy()
    {
        using var empty = new TemporaryDirectory();
        HostFeatures features = HostFeatures.Probe(new HostFiles(empty.Path), cgroups: null, root: false, CapabilitySet.Empty);
        Assert.False(features.CanRunContainers);
        Assert.All(features.All.Where(static f => f.Required), static f => Assert.Equal(FeatureStatus.Missing, f.Status));
        Assert.All(features.All.Where(static f => f.Required), static f => Assert.NotNull(f.Remedy));
        Assert.Equal(0, features.CgroupVersion);
    }

    [Theory]
    [InlineData("flags : fpu vmx sse", true, FeatureStatus.Available)]
    [InlineData("flags : fpu svm", true, FeatureStatus.Available)]
    [InlineData("flags : fpu svm_lock", true, FeatureStatus.Limited)]
    [InlineData("flags : fpu vmx", false, FeatureStatus.Missing)]
    public void Probe_Kvm_NeedsDeviceAndProcessor(string cpuInfo, bool device, FeatureStatus expected)
    {
        using var host = new TemporaryDirectory();
        Directory.CreateDirectory(host.Combine("proc"));
        Directory.CreateDirectory(host.Combine("dev"));
        File.WriteAllText(host.Combine("proc/cpuinfo"), cpuInfo + "\n");
        if (device)
            File.WriteAllText(host.Combine("dev/kvm"), "");
        Assert.Equal(expected, VirtualizationProbe.Kvm(new HostFiles(host.Path)).Status);
    }

    [Fact]
    public void MachineDisks_OneProgramMissing_IsNamed()
    {
        using var host = new TemporaryDirectory();
        Directory.CreateDirectory(host.Combine("usr/sbin"));
        File.WriteAllText(host.Combine("usr/sbin/mkfs.ext4"), "");
        HostFeature feature = HostTools.MachineDisks(new HostFiles(host.Path));
        Assert.Equal((FeatureStatus.Missing, "virtual machines cannot be made: mkfs.erofs missing"), (feature.Status, feature.Reason));
        File.WriteAllText(host.Combine("usr/sbin/mkfs.erofs"), "");
        Assert.Equal(FeatureStatus.Available, HostTools.MachineDisks(new HostFiles(host.Path)).Status);
    }

    [Fact]
    public void BuildPrograms_OneMissing_IsNamed()
    {
        using var host = new TemporaryDirectory();
        Directory.CreateDirectory(host.Combine("usr/bin"));
        File.WriteAllText(host.Combine("usr/bin/git"), "");
        File.WriteAllText(host.Combine("usr/bin/bzip2"), "");
        HostFeature feature = HostTools.BuildPrograms(new HostFiles(host.Path));
        Assert.Equal((FeatureStatus.Limited, "builds cannot use repositories or archives that need xz"), (feature.Status, feature.Reason));
    }

    [Theory]
    [InlineData("6.1.0-21-amd64", 6, 1)]
    [InlineData("4.8", 4, 8)]
    [InlineData("6.18.44-fc-v669", 6, 18)]
    [InlineData("5.15-rc1", 5, 15)]
    public void TryParse_Release_IsUnderstood(string release, int major, int minor)
    {
        Assert.True(KernelVersion.TryParse(release, out KernelVersion version));
        Assert.Equal(new KernelVersion(major, minor), version);
    }

    [Theory]
    [InlineData("")]
    [InlineData("six")]
    [InlineData("6")]
    [InlineData("6.x")]
    public void TryParse_NotARelease_IsRefused(string release) => Assert.False(KernelVersion.TryParse(release, out _));
}
