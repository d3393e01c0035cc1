namespace Berth.Engine;

/// <summary>Where the engine's files are below its data root.</summary>
internal sealed class EnginePaths(string dataRoot)
{
    public string DataRoot { get; } = dataRoot;

    public string Database => Path.Combine(DataRoot, "berth.db");

    public string Images => Path.Combine(DataRoot, "images");

    public string Containers => Path.Combine(DataRoot, "containers");

    public string BaseLayer => Path.Combine(DataRoot, "base-layer");

    public string Volumes => Path.Combine(DataRoot, "volumes");

    public string Container(string id) => Path.Combine(Containers, id);

    public string Upper(string id) => Path.Combine(Containers, id, "upper");

    public string Work(string id) => Path.Combine(Containers, id, "work");

    public string Logs(string id) => Path.Combine(Containers, id, "log");

    public string VolumeData(string name) => Path.Combine(Volumes, name, "_data");
}
