namespace Berth.Containers.Tests.Lifecycle;

/// <summary>What starts leave behind in this process; alone, because descriptors belong to all tests that run at the time.</summary>
[Collection(nameof(StartLeakTests))]
[CollectionDefinition(nameof(StartLeakTests), DisableParallelization = true)]
public sealed class StartLeakTests : IDisposable
{
    private readonly TestContainer _box = new();

    public void Dispose() => _box.Dispose();

    [Fact]
    public void Start_Often_LeavesNoMountAndNoDescriptor()
    {
        _box.Run("true");
        string mounts = File.ReadAllText("/proc/self/mounts");
        List<string> before = Descriptors();
        for (int i = 0; i < 50; i++) Assert.Equal(0, _box.Run("true").ExitCode);
        Assert.Equal(mounts, File.ReadAllText("/proc/self/mounts"));
        Assert.Equal(before, Descriptors());
    }

    // By kind and in order: numbers and inodes may differ, and the runtime opens assemblies when it needs them. The listing's own descriptor
    // is gone when it is looked at.
    private static List<string> Descriptors()
    {
        // What earlier tests left to the finalizer shall not go in between.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var kinds = new List<string>();
        foreach (string descriptor in Directory.GetFiles("/proc/self/fd"))
        {
            if (new FileInfo(descriptor).LinkTarget is { } target && !target.EndsWith(".dll", StringComparison.Ordinal))
                kinds.Add(target.Split(':')[0]);
        }
        kinds.Sort(StringComparer.Ordinal);
        return kinds;
    }
}
