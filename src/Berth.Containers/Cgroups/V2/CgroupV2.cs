using System.Globalization;
using Berth.Containers.Spec;
using Berth.Linux;

namespace Berth.Containers.Cgroups.V2;

/// <summary>A cgroup of the unified hierarchy. Kernel documentation: admin-guide/cgroup-v2.rst.</summary>
internal sealed class CgroupV2(string path, string root, string mount) : ICgroup
{
    private static readonly TimeSpan RemovalPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan KillPatience = TimeSpan.FromMilliseconds(250);

    private readonly string _directory = root + path;
    private DeviceFilter? _devices;

    public string Path => path;

    public void Create()
    {
        if (Directory.Exists(_directory))
        {
            if (Pids() is { Count: > 0 } pids)
                throw new CgroupException($"cgroup {path} is in use by processes {string.Join(", ", pids.Take(5))}", Errno.EBUSY);
            if (!CgroupTree.TryRemove(_directory, TimeSpan.FromSeconds(1)))
                throw new CgroupException($"the cgroup left over at {_directory} cannot be removed", Errno.EBUSY);
        }
        try
        {
            SubtreeControl.EnableDownTo(root, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CgroupException($"cgroup {_directory} cannot be made: {e.Message}", (Errno)e.HResult, e);
        }
    }

    public void Apply(LinuxResources resources)
    {
        if (resources.Memory is { } memory)
            Memory.Apply(_directory, memory);
        if (resources.Cpu is { } cpu)
            Cpu.Apply(_directory, cpu);
        if (resources.Pids?.Limit is { } tasks)
            CgroupFile.Write(_directory, "pids.max", tasks > 0 ? tasks.ToString(CultureInfo.InvariantCulture) : "max");
        if (resources.BlockIo is { } io)
            Io.Apply(_directory, io);
        foreach (HugepageLimit limit in resources.HugepageLimits)
            CgroupFile.Write(_directory, $"hugetlb.{limit.PageSize}.max", limit.Limit);
        if (resources.Devices.Count > 0)
            _devices = DeviceFilter.Attach(_directory, resources.Devices, replacing: _devices);
        foreach ((string name, string value) in resources.Unified)
        {
            // [OCI-RT] config-linux.md, Unified: a file name, nothing that walks elsewhere or moves processes.
            if (name.Contains('/') || name.StartsWith("cgroup.", StringComparison.Ordinal))
                throw new CgroupException($"linux.resources.unified: \"{name}\" is not the file of a controller");
            foreach (string line in value.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                CgroupFile.Write(_directory, name, line);
        }
    }

    public void AddProcess(int pid) => CgroupFile.Write(_directory, "cgroup.procs", (long)pid);

    public CgroupEntry OpenEntry()
    {
        try
        {
            return new CgroupEntry(Libc.Open(_directory, Libc.O_PATH | Libc.O_DIRECTORY), []);
        }
        catch (LinuxException e)
        {
            throw new CgroupException($"cgroup {path} cannot be entered: {e.Message}", e.Errno, e);
        }
    }

    public IReadOnlyList<int> Pids()
    {
        var pids = new SortedSet<int>();
        CgroupTree.CollectPids(_directory, pids);
        return [.. pids];
    }

    public CgroupStats Stats() => new()
    {
        Cpu = Cpu.Read(_directory),
        Memory = Memory.Read(_directory),
        Pids = new PidsStats { Current = CgroupFile.ReadNumber(_directory, "pids.current") ?? 0, Limit = CgroupFile.ReadNumber(_directory, "pids.max") },
        BlockIo = Io.Read(_directory),
        OomKills = OomKills(),
    };

    public ulong OomKills() => CgroupFile.ReadTable(_directory, "memory.events").Get("oom_kill");

    public void Freeze() => Freezer.Freeze(_directory);

    public void Thaw() => Freezer.Thaw(_directory);

    public bool IsFrozen => Freezer.IsFrozen(_directory);

    public void KillAll()
    {
        bool killed = CgroupFile.TryWrite(_directory, "cgroup.kill", "1") == Errno.None; // since Linux 5.14
        if (killed && CgroupTree.WaitUntil(() => Pids().Count == 0, KillPatience))
            return;
        V1.SignalLoop.KillAll(Pids, freezer: null);
    }

    public void Destroy()
    {
        if (!Directory.Exists(_directory))
            return;
        if (Pids().Count > 0)
            KillAll();
        if (!CgroupTree.TryRemove(_directory, RemovalPatience))
            throw new CgroupException($"cgroup {_directory} cannot be removed; processes in it: {string.Join(", ", Pids().Take(10))}", Errno.EBUSY);
        _devices?.Dispose();
        _devices = null;
    }

    public IReadOnlyList<CgroupMount> Mounts(bool hostNamespace) => [new CgroupMount(hostNamespace ? mount : _directory, "", [])];
}
