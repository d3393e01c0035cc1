using System.Diagnostics;
using Berth.Containers.Cgroups;
using Berth.Testing;

namespace Berth.Containers.Tests.Cgroups;

/// <summary>Real cgroups below a parent of their own, removed at the end, and processes to put into them.</summary>
internal sealed class TestCgroups : IDisposable
{
    private static int s_count;

    private readonly List<ICgroup> _cgroups = [];
    private readonly List<Process> _processes = [];

    private TestCgroups(CgroupHierarchy hierarchy) => Hierarchy = hierarchy;

    public CgroupHierarchy Hierarchy { get; }

    public string Parent { get; } = $"/berth-test-{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}";

    /// <summary>Skips at a desk, fails in CI, when cgroups cannot be made.</summary>
    public static TestCgroups Require(CgroupHierarchy? hierarchy = null)
    {
        Requires.That(Environment.IsPrivilegedProcess && Directory.Exists(CgroupHierarchy.DefaultRoot), "root and a writable cgroup file system");
        return new TestCgroups(hierarchy ?? CgroupHierarchy.Detect());
    }

    public void RequireController(string name)
    {
        if (!Hierarchy.Controllers.Contains(name))
            Assert.Skip($"this host has no {name} controller");
    }

    public ICgroup Create(string name = "one")
    {
        ICgroup cgroup = Hierarchy.Create($"{Parent}/{name}");
        _cgroups.Add(cgroup);
        return cgroup;
    }

    /// <summary>Starts a shell that waits for a line on stdin, moves it into the cgroup, then lets it run <paramref name="script"/>.</summary>
    public Process Run(ICgroup cgroup, string script)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", "read go; " + script])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Process process = Process.Start(start)!;
        _processes.Add(process);
        cgroup.AddProcess(process.Id);
        process.StandardInput.WriteLine("go");
        process.StandardInput.Flush();
        return process;
    }

    public void Dispose()
    {
        foreach (ICgroup cgroup in _cgroups)
            cgroup.Destroy();
        foreach (Process process in _processes)
            process.Dispose();
        Hierarchy.RemoveIfEmpty(Parent);
    }
}
