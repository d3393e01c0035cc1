using Berth.Containers.Cgroups;
using Berth.Containers.Spec;

namespace Berth.Containers.Tests.Lifecycle;

public sealed class CgroupEntryTests : IDisposable
{
    private readonly TestContainer _box = new();
    private readonly ICgroup _cgroup;
    private readonly string _parent = $"/berth-test-entry-{Environment.ProcessId}";
    private readonly CgroupHierarchy _hierarchy = CgroupHierarchy.Detect();

    public CgroupEntryTests()
    {
        _cgroup = _hierarchy.Create($"{_parent}/{Guid.NewGuid():n}");
        _cgroup.Apply(new LinuxResources { Pids = new PidsResources { Limit = 20 } });
    }

    public void Dispose()
    {
        _cgroup.Destroy();
        _hierarchy.RemoveIfEmpty(_parent);
        _box.Dispose();
    }

    [Fact]
    public void Start_WithCgroup_ProcessIsInItAndSeesItReadOnlyAsItsRoot()
    {
        RuntimeSpec spec = TestContainer.Spec("sh", "-c", "cat /proc/self/cgroup | cut -d: -f 3 | head -1; ls /sys/fs/cgroup | wc -l; mkdir /sys/fs/cgroup/x; mkdir /sys/fs/cgroup/memory/x");
        spec = spec with { Mounts = [.. spec.Mounts, new() { Destination = "/sys/fs/cgroup", Type = "cgroup", Source = "cgroup", Options = ["nosuid", "noexec", "nodev", "relatime", "ro"] }] };
        (string output, _) = TestContainer.Run(_box.Config(spec) with { Cgroup = _cgroup });
        Assert.StartsWith("/\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("\n0\n", output, StringComparison.Ordinal);
        Assert.Contains("Read-only file system", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Start_PidsLimit_Holds()
    {
        (string output, _) = TestContainer.Run(_box.Config(TestContainer.Spec("sh", "-c", "for i in $(echo 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25); do sleep 1 & done; wait")) with { Cgroup = _cgroup });
        Assert.Contains("can't fork", output, StringComparison.Ordinal);
    }
}
