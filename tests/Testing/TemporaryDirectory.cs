namespace Berth.Testing;

/// <summary>A fresh folder of the test's own, removed with all it holds.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    /// <summary>Creates the folder under the system's temporary folder.</summary>
    public TemporaryDirectory() => Path = Directory.CreateTempSubdirectory("berth-test-").FullName;

    /// <summary>The folder's absolute path.</summary>
    public string Path { get; }

    /// <summary>A path inside the folder.</summary>
    public string Combine(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
    }
}
