namespace Berth.Engine;

/// <summary>Where the engine's files are below its data root.</summary>
internal sealed class EnginePaths(string dataRoot)
{
    public string DataRoot { get; } = dataRoot;

    public string Database => Path.Combine(DataRoot, "berth.db");

    public string Images => Path.Combine(DataRoot, "images");

    public string Containers => Path.Combine(DataRoot, "containers");

    public string BaseLayer => Path.Combine(DataRoot, "base-layer");

    public string Kernels => Path.Combine(DataRoot, "kernels");

    /// <summary>Initial RAM disks, made of kernels' modules and the agent.</summary>
    public string Initrds => Path.Combine(DataRoot, "initrds");

    /// <summary>Images as read-only disks.</summary>
    public string Disks => Path.Combine(DataRoot, "disks");

    /// <summary>The empty tree that every berth-vmm has as its root.</summary>
    public string MachineRoot => Path.Combine(DataRoot, "vm-root");

    /// <summary>What a machine's berth-vmm is told.</summary>
    public string MachineConfig(string id) => Path.Combine(Containers, id, "machine.json");

    /// <summary>The read-only disk of a build step's machine.</summary>
    public string StepDisk(string id) => Path.Combine(Containers, id, "base.erofs");

    /// <summary>What a virtual machine writes, on its host.</summary>
    public string Machine(string id) => Path.Combine(Containers, id, "vm");

    /// <summary>Directories of <c>RUN --mount=type=cache</c>.</summary>
    public string BuildCaches => Path.Combine(DataRoot, "build-caches");

    public string Volumes => Path.Combine(DataRoot, "volumes");

    public string Container(string id) => Path.Combine(Containers, id);

    public string Upper(string id) => Path.Combine(Containers, id, "upper");

    public string Work(string id) => Path.Combine(Containers, id, "work");

    public string Logs(string id) => Path.Combine(Containers, id, "log");

    public string VolumeData(string name) => Path.Combine(Volumes, name, "_data");
}
