namespace Berth.Engine.Machines;

/// <summary>The empty tree below every berth-vmm: places for its mounts, and the host's names for its library directories.</summary>
internal static class MachineRoot
{
    private static readonly string[] Directories = ["proc", "dev", "sys", "tmp", "boot", "disks", "machine", "berth", "dotnet", "folders"];
    private static readonly string[] Files = [MachinePlaces.Kernel, MachinePlaces.Initrd, MachinePlaces.BaseDisk, MachinePlaces.Config];

    public static void Ensure(string root, MachineHost host)
    {
        foreach (string directory in Directories.Concat(host.LibraryDirectories))
            Directory.CreateDirectory(Below(root, directory));
        foreach (string path in Files.Select(file => Below(root, file)).Where(static path => !File.Exists(path)))
            File.WriteAllBytes(path, []);
        foreach ((string path, string target) in host.LibraryLinks)
        {
            var link = new FileInfo(Below(root, path));
            if (link.LinkTarget is null)
                link.CreateAsSymbolicLink(target);
        }
    }

    private static string Below(string root, string path) => Path.Combine(root, path.TrimStart('/'));
}
