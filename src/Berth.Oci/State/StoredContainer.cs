using System.Text.Json;
using Berth.Containers.Cgroups;
using Berth.Containers.Lifecycle;
using Berth.Containers.Spec;
using Berth.Linux;

namespace Berth.Oci.State;

/// <summary>A container's folder: its record, its specification, and the FIFO at which its process waits until it is started.</summary>
internal sealed class StoredContainer
{
    private const int MaxRecordBytes = 1 << 20;
    private readonly string _folder;

    private StoredContainer(string folder, string id) => (_folder, Id) = (folder, id);

    public string Id { get; }

    /// <summary>Null until the container is complete.</summary>
    public ContainerRecord? Record { get; private set; }

    /// <summary>Where the process waits.</summary>
    public string Gate => Path.Combine(_folder, "gate");

    private string RecordFile => Path.Combine(_folder, "state.json");

    private string SpecFile => Path.Combine(_folder, "config.json");

    /// <summary>Makes the folder; its making decides who of two creators has the name.</summary>
    public static StoredContainer Add(string folder, string id)
    {
        if (!Libc.TryMakeDirectoryAt(null, folder, 0x1C0 /* 0700 */, out Errno errno)) throw new LinuxException("mkdir", errno, folder);
        if (errno == Errno.EEXIST) throw new OciException($"container {id} exists already; delete it first or choose another id");
        return new StoredContainer(folder, id);
    }

    public static StoredContainer Open(string folder, string id)
    {
        StoredContainer container = new(folder, id);
        container.Load();
        return container;
    }

    /// <summary>One command at a time changes a container.</summary>
    public FileLock Lock()
    {
        FileLock turn = FileLock.Take(Path.Combine(_folder, "lock"));
        Load();
        return turn;
    }

    /// <summary>Keeps what is needed to start and delete it, also should the creator be killed now.</summary>
    public void Save(ContainerRecord record)
    {
        ReplacedFile.Write(RecordFile, JsonSerializer.SerializeToUtf8Bytes(record, StateJson.Default.ContainerRecord));
        Record = record;
    }

    public void SaveSpec(RuntimeSpec spec) => ReplacedFile.Write(SpecFile, SpecJson.Write(spec));

    public RuntimeSpec LoadSpec() => SpecJson.ReadRuntimeSpec(File.ReadAllBytes(SpecFile));

    /// <summary>What the container does now.</summary>
    public ContainerStatus Status(CgroupHierarchy cgroups)
    {
        if (Record is not { Pid: > 0 } record) return ContainerStatus.Creating;
        if (!ProcessTimes.IsAlive(record.Pid, record.StartTicks)) return ContainerStatus.Stopped;
        if (File.Exists(Gate)) return ContainerStatus.Created;
        return cgroups.Exists(record.Cgroup) && cgroups.Open(record.Cgroup).IsFrozen ? ContainerStatus.Paused : ContainerStatus.Running;
    }

    public StateReport Report(CgroupHierarchy cgroups) => Report(Status(cgroups));

    public StateReport Report(ContainerStatus status) => new()
    {
        OciVersion = Record?.OciVersion ?? "",
        Id = Id,
        Status = status.ToString().ToLowerInvariant(),
        Pid = status == ContainerStatus.Stopped ? 0 : Record?.Pid ?? 0,
        Bundle = Record?.Bundle ?? "",
        Rootfs = Record?.Rootfs ?? "",
        Created = Record?.Created ?? default,
        Owner = "root",
        Annotations = Record?.Annotations ?? new Dictionary<string, string>(),
    };

    /// <summary>Opens the first process, which may not be another that got its number.</summary>
    /// <exception cref="OciException">It has ended.</exception>
    public FileDescriptor OpenProcess()
    {
        if (Record is { Pid: > 0 } record)
        {
            FileDescriptor? process = Libc.TryOpenProcess(record.Pid);
            // Asked after opening: now the number cannot change hands any more.
            if (process is not null && ProcessTimes.IsAlive(record.Pid, record.StartTicks)) return process;
            process?.Dispose();
        }
        throw OciException.NotRunning(Id);
    }

    public void Remove() => Directory.Delete(_folder, recursive: true);

    private void Load()
    {
        try
        {
            byte[] json = File.ReadAllBytes(RecordFile);
            if (json.Length > MaxRecordBytes) throw new OciException($"container {Id}: {RecordFile} is too large");
            Record = JsonSerializer.Deserialize(json, StateJson.Default.ContainerRecord);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            Record = null;
        }
        catch (JsonException e)
        {
            throw new OciException($"container {Id}: {RecordFile} is damaged: {e.Message}; berth-oci delete --force removes it", e);
        }
    }
}
