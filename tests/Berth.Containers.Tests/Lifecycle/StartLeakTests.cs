using Berth.Containers.Lifecycle;
using Berth.Containers.Spec;

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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Start_Failing_LeavesNoProcessAndNoDescriptor(bool mapped)
    {
        RuntimeSpec spec = TestContainer.Spec("/nonesuch");
        if (mapped) spec = TestContainer.Mapped(spec);
        Fail();
        string processes = Children();
        List<string> before = Descriptors();
        for (int i = 0; i < 20; i++) Fail();
        Assert.Equal(processes, Children());
        Assert.Equal(before, Descriptors());

        void Fail() => Assert.Throws<ContainerStartException>(() => TestContainer.Run(_box.Config(spec)));
    }

    private static string Children() => string.Concat(Directory.GetDirectories("/proc/self/task").Select(static task =>
    {
        // A thread of the runtime may end in between.
        try { return File.ReadAllText(task + "/children"); }
        catch (IOException) { return ""; }
    }));

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
