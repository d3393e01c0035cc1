using Berth.Compose.Loading;
using Berth.Compose.Model;
using Berth.Testing;

namespace Berth.Compose.Tests;

/// <summary>A directory with files of a project, gone with the test.</summary>
internal sealed class ComposeFolder : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public ComposeFolder(string? compose = null)
    {
        if (compose is not null)
        {
            Write("compose.yaml", compose);
        }
    }

    public string Path => _directory.Path;

    public Dictionary<string, string> Environment { get; } = [];

    public List<string> Warnings { get; } = [];

    public string Write(string name, string text)
    {
        var path = _directory.Combine(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public ProjectSource Source => new()
    {
        WorkingDirectory = Path,
        Environment = name => Environment.GetValueOrDefault(name),
        Warn = Warnings.Add,
        Name = "p",
    };

    public Project Load(params string[] files) => ProjectLoader.Load(Source with { Files = files });

    public void Dispose() => _directory.Dispose();

    /// <summary>The project of one file.</summary>
    public static Project Of(string compose)
    {
        using ComposeFolder folder = new(compose);
        return folder.Load();
    }

    /// <summary>The complaint about one file.</summary>
    public static string ComplaintAbout(string compose) => Assert.Throws<ComposeException>(() => Of(compose)).Message;
}
