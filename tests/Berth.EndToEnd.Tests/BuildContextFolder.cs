namespace Berth.EndToEnd.Tests;

/// <summary>A directory to build from.</summary>
internal sealed class BuildContextFolder
{
    public BuildContextFolder(string scratch, string dockerfile, params (string Name, string Content)[] files)
    {
        Path = Directory.CreateDirectory(System.IO.Path.Combine(scratch, Guid.NewGuid().ToString("n"))).FullName;
        foreach ((string name, string content) in files.Prepend(("Dockerfile", dockerfile)))
        {
            string path = System.IO.Path.Combine(Path, name);
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
            File.WriteAllText(path, content);
        }
    }

    public string Path { get; }
}
