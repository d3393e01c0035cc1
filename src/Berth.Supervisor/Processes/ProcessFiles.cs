using System.Text.Json;
using Berth.Containers.Supervision;
using Berth.Linux;

namespace Berth.Supervisor.Processes;

/// <summary>A process's directory in the run root: its FIFOs and its state file.</summary>
internal sealed class ProcessFiles(string containersRoot, ProcessKey key)
{
    private const int MaxStateBytes = 1 << 20;

    public string Directory { get; } = key.ExecId is null
        ? Path.Combine(containersRoot, key.Id)
        : Path.Combine(containersRoot, key.Id, "exec", key.ExecId);

    public string Stdin => Path.Combine(Directory, "stdin");

    public string Stdout => Path.Combine(Directory, "stdout");

    public string Stderr => Path.Combine(Directory, "stderr");

    private string State => Path.Combine(Directory, "state.json");

    public void Create() =>
        System.IO.Directory.CreateDirectory(Directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    /// <summary>Replaces the state file in one step.</summary>
    public void Save(ProcessState state)
    {
        string temporary = State + ".new";
        using (FileDescriptor file = Libc.Open(temporary, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_TRUNC | Libc.O_CLOEXEC, 0x180 /* 0600 */))
            Libc.WriteAll(file, JsonSerializer.SerializeToUtf8Bytes(state, SupervisionJson.Default.ProcessState));
        Libc.RenameAt(null, temporary, null, State);
    }

    /// <summary>Null when there is none, or none that can be trusted.</summary>
    public ProcessState? TryLoad()
    {
        try
        {
            FileInfo file = new(State);
            return file.Exists && file.Length <= MaxStateBytes
                ? JsonSerializer.Deserialize(File.ReadAllBytes(State), SupervisionJson.Default.ProcessState)
                : null;
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            return null;
        }
    }

    /// <summary>Notes the cgroup before it is made, so that a start that never finishes can be undone; null when there is no note.</summary>
    public string? Cgroup
    {
        get => File.Exists(CgroupNote) ? File.ReadAllText(CgroupNote) : null;
        set => File.WriteAllText(CgroupNote, value);
    }

    private string CgroupNote => Path.Combine(Directory, "cgroup");

    public void RemovePipes()
    {
        Libc.TryUnlinkAt(null, Stdin);
        Libc.TryUnlinkAt(null, Stdout);
        Libc.TryUnlinkAt(null, Stderr);
    }

    /// <summary>Removes the directory with everything in it; doing so twice is no error.</summary>
    public void Remove()
    {
        try
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
        }
    }
}
