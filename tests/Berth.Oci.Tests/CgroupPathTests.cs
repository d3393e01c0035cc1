namespace Berth.Oci.Tests;

public sealed class CgroupPathTests
{
    [Theory]
    [InlineData(null, "/berth-oci/c")]
    [InlineData("", "/berth-oci/c")]
    [InlineData("/libpod_parent/libpod-1", "/libpod_parent/libpod-1")]
    [InlineData("group", "/berth-oci/group")]
    public void Of_Cgroupfs_IsBelowTheHierarchysRoot(string? wanted, string path) => Assert.Equal(path, CgroupPath.Of(wanted, "c"));

    [Fact]
    public void Of_SystemdForm_SaysWhatToUse() =>
        Assert.Contains("cgroupfs", Assert.Throws<OciException>(() => CgroupPath.Of("machine.slice:libpod:1", "c")).Message, StringComparison.Ordinal);
}
