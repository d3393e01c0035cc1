using Berth.Containers.Spec;
using Berth.Linux;

namespace Berth.Containers.Cgroups.V1;

/// <summary>A cgroup spread over the v1 hierarchies, with a twin in cgroup2 where that is mounted too: the twin kills and freezes better.</summary>
internal sealed class CgroupV1(string path, IReadOnlyList<Hierarchy> hierarchies, string? unified) : ICgroup
{
    private static readonly TimeSpan RemovalPatience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan TwinPatience = TimeSpan.FromMilliseconds(250);

    private readonly string? _twin = unified is null ? null : unified + path;

    public string Path => path;

    public void Create()
    {
        foreach (string directory in Directories().Where(Directory.Exists))
        {
            if (Pids().Count > 0)
                throw new CgroupException($"cgroup {path} is in use by processes {string.Join(", ", Pids().Take(5))}", Errno.EBUSY);
            if (!CgroupTree.TryRemove(directory, TimeSpan.FromSeconds(1)))
                throw new CgroupException($"the cgroup left over at {directory} cannot be removed", Errno.EBUSY);
        }
        try
        {
            foreach (Hierarchy hierarchy in hierarchies)
            {
                Make(hierarchy.Base + path);
                if (hierarchy.Has("cpuset"))
                    Cpuset.InheritFromParents(hierarchy.Base, path);
            }
            if (_twin is not null)
                Make(_twin);
        }
        catch
        {
            foreach (string directory in Directories())
                CgroupTree.TryRemoveOne(directory);
            throw;
        }
    }

    private static void Make(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CgroupException($"cgroup {directory} cannot be made: {e.Message}", (Errno)e.HResult, e);
        }
    }

    public void Apply(LinuxResources resources)
    {
        if (resources.Memory is { } memory)
            Memory.Apply(Need("memory", "memory limit"), memory);
        if (resources.Cpu is { } cpu)
        {
            if (Cpu.Wants(cpu))
                Cpu.Apply(Need("cpu", "CPU limit"), cpu);
            if (Cpuset.Wants(cpu))
                Cpuset.Apply(Need("cpuset", "choice of CPUs"), cpu);
        }
        if (resources.Pids?.Limit is { } tasks)
            Tasks.Apply(Need("pids", "limit on processes"), tasks);
        if (resources.BlockIo is { } io && BlockIo.Wants(io))
            BlockIo.Apply(Need("blkio", "block I/O limit"), io);
        if (resources.Devices.Count > 0)
            Devices.Apply(Need("devices", "device rules"), resources.Devices);
        foreach (HugepageLimit limit in resources.HugepageLimits)
            CgroupFile.Write(Need("hugetlb", "huge page limit"), $"hugetlb.{limit.PageSize}.limit_in_bytes", limit.Limit);
        if (resources.Unified.Count > 0)
            throw new CgroupException("linux.resources.unified needs cgroup v2, and this host's controllers are in cgroup v1");
    }

    public void AddProcess(int pid)
    {
        foreach (string directory in Directories())
            CgroupFile.Write(directory, "cgroup.procs", (long)pid);
    }

    public CgroupEntry OpenEntry()
    {
        var files = new List<FileDescriptor>(hierarchies.Count);
        FileDescriptor? directory = null;
        try
        {
            foreach (Hierarchy hierarchy in hierarchies)
                files.Add(Libc.Open($"{hierarchy.Base}{path}/tasks", Libc.O_WRONLY));
            if (_twin is not null)
                directory = Libc.Open(_twin, Libc.O_PATH | Libc.O_DIRECTORY);
            return new CgroupEntry(directory, files);
        }
        catch (LinuxException e)
        {
            new CgroupEntry(directory, files).Dispose();
            throw new CgroupException($"cgroup {path} cannot be entered: {e.Message}", e.Errno, e);
        }
    }

    public IReadOnlyList<int> Pids()
    {
        var pids = new SortedSet<int>();
        foreach (string directory in Directories())
            CgroupTree.CollectPids(directory, pids);
        return [.. pids];
    }

    public CgroupStats Stats() => new()
    {
        Cpu = Cpu.Read(Find("cpu"), Find("cpuacct")),
        Memory = Find("memory") is { } memory ? Memory.Read(memory) : new(),
        Pids = Find("pids") is { } tasks ? Tasks.Read(tasks) : new(),
        BlockIo = Find("blkio") is { } blkio ? BlockIo.Read(blkio) : new(),
        OomKills = OomKills(),
    };

    public ulong OomKills() => Find("memory") is { } memory ? Memory.OomKills(memory) : 0;

    public void Freeze()
    {
        if (_twin is not null && Directory.Exists(_twin))
            V2.Freezer.Freeze(_twin);
        else
            Freezer.Freeze(Need("freezer", "pause"));
    }

    public void Thaw()
    {
        if (_twin is not null && Directory.Exists(_twin))
            V2.Freezer.Thaw(_twin);
        if (Find("freezer") is { } directory)
            Freezer.Thaw(directory);
    }

    public bool IsFrozen => (_twin is not null && V2.Freezer.IsFrozen(_twin)) || (Find("freezer") is { } directory && Freezer.IsFrozen(directory));

    public void KillAll()
    {
        bool killed = _twin is not null && CgroupFile.TryWrite(_twin, "cgroup.kill", "1") == Errno.None;
        if (killed && CgroupTree.WaitUntil(() => Pids().Count == 0, TwinPatience))
            return;
        // Processes that never entered the twin are found by the v1 hierarchies.
        SignalLoop.KillAll(() => Pids(), Find("freezer"));
    }

    public void Destroy()
    {
        if (!Directories().Any(Directory.Exists))
            return;
        if (Pids().Count > 0)
            KillAll();
        IReadOnlyList<string> left = [.. Directories().Where(static d => !CgroupTree.TryRemove(d, RemovalPatience))];
        if (left.Count > 0)
            throw new CgroupException($"cgroup {left[0]} cannot be removed; processes in it: {string.Join(", ", Pids().Take(10))}", Errno.EBUSY);
    }

    public IReadOnlyList<CgroupMount> Mounts(bool hostNamespace) =>
    [
        // Docker shows a v1 container its own cgroups in both cases: the host's tree would lie open otherwise.
        .. hierarchies.Where(static h => h.IsController).Select(h =>
        {
            string name = System.IO.Path.GetFileName(h.Mount);
            return new CgroupMount(h.Base + path, name, [.. h.Controllers.Where(c => h.Controllers.Count > 1 && c != name)]);
        }),
    ];

    private IEnumerable<string> Directories()
    {
        IEnumerable<string> v1 = hierarchies.Select(h => h.Base + path);
        return _twin is null ? v1 : v1.Append(_twin);
    }

    private string? Find(string controller) => hierarchies.FirstOrDefault(h => h.Has(controller)) is { } hierarchy ? hierarchy.Base + path : null;

    private string Need(string controller, string what) =>
        Find(controller) ?? throw new CgroupException($"{what} needs the {controller} cgroup controller, which is not mounted on this host");
}
