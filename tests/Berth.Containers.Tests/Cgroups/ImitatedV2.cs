using Berth.Containers.Cgroups;
using Berth.Testing;

namespace Berth.Containers.Tests.Cgroups;

/// <summary>A directory that looks like a cgroup2 mount with every controller.</summary>
internal sealed class ImitatedV2 : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public ImitatedV2(string controllers = "cpuset cpu io memory hugetlb pids")
    {
        Write("cgroup.controllers", controllers + "\n");
        Write("cgroup.subtree_control", "");
        Directory.CreateDirectory(_directory.Combine("berth"));
        Write("berth/cgroup.controllers", controllers + "\n");
        Write("berth/cgroup.subtree_control", "");
        Hierarchy = CgroupHierarchy.FromMounts([new CgroupMountTable.Entry(_directory.Path, "/", [], IsV2: true, Writable: true)], "0::/own\n", _directory.Path);
        Cgroup = Hierarchy.Create("/berth/one");
        Directory.CreateDirectory(_directory.Combine("berth/one"));
    }

    public CgroupHierarchy Hierarchy { get; }

    public ICgroup Cgroup { get; }

    /// <summary>Makes files of the container's cgroup, as the kernel would.</summary>
    public ImitatedV2 With(params ReadOnlySpan<string> files)
    {
        foreach (string file in files)
            Write("berth/one/" + file, "");
        return this;
    }

    public ImitatedV2 With(string file, string text)
    {
        Write("berth/one/" + file, text);
        return this;
    }

    public string this[string file] => File.ReadAllText(_directory.Combine("berth/one", file));

    public string Read(string path) => File.ReadAllText(_directory.Combine(path));

    public string PathOf(string name) => _directory.Combine(name);

    public void Dispose() => _directory.Dispose();

    private void Write(string path, string text) => File.WriteAllText(_directory.Combine(path), text);
}
