namespace Berth.Containers.Host;

/// <summary>The host's files below an injectable root, so that other hosts can be imitated.</summary>
internal sealed class HostFiles(string root = "")
{
    public bool Exists(string path) => File.Exists(root + path) || Directory.Exists(root + path);

    public string Read(string path)
    {
        try
        {
            return File.ReadAllText(root + path).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    public string[] Lines(string path) => Read(path).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Whether a program of that name is on the usual path.</summary>
    public bool HasProgram(string name) => ((string[])["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]).Any(directory => Exists($"{directory}/{name}"));
}
