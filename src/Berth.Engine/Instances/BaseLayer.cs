namespace Berth.Engine.Instances;

/// <summary>
/// The lowest layer of every instance: the empty places that mounts go to. Without it each instance would make them in its own layer, and
/// they would show in diffs and commits. It lies below the image, so that the image's own files and attributes win.
/// </summary>
internal static class BaseLayer
{
    public static string Ensure(EnginePaths paths)
    {
        string root = paths.BaseLayer;
        foreach (string directory in (ReadOnlySpan<string>)["dev", "proc", "sys", "etc"])
            Directory.CreateDirectory(Path.Combine(root, directory));
        foreach (string file in (ReadOnlySpan<string>)["hosts", "hostname", "resolv.conf"])
        {
            string path = Path.Combine(root, "etc", file);
            if (!File.Exists(path))
                File.WriteAllBytes(path, []);
        }
        return root;
    }
}
