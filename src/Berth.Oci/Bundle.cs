using Berth.Containers.Lifecycle;
using Berth.Containers.Security;
using Berth.Containers.Spec;

namespace Berth.Oci;

/// <summary>A bundle: a folder with a configuration and, usually, a root file system. [OCI-RT] bundle.md.</summary>
/// <param name="Folder">Its absolute path.</param>
/// <param name="Spec">Its configuration with absolute paths and what the specification gives every container.</param>
/// <param name="Rootfs">Absolute path of the root file system.</param>
internal sealed record Bundle(string Folder, RuntimeSpec Spec, string Rootfs)
{
    /// <exception cref="OciException">There is no bundle, or it lacks what a container needs.</exception>
    /// <exception cref="SpecException">The configuration is wrong.</exception>
    public static Bundle Open(string folder, string? configFile)
    {
        folder = Path.GetFullPath(folder);
        string file = configFile ?? Path.Combine(folder, "config.json");
        FileInfo info = new(file);
        if (!info.Exists) throw new OciException($"{file} does not exist; --bundle must name a folder with a config.json");
        if (info.Length > SpecJson.MaxBytes) throw new OciException($"{file} has {info.Length} bytes, more than {SpecJson.MaxBytes}");
        RuntimeSpec spec = SpecJson.ReadRuntimeSpec(File.ReadAllBytes(file));
        if (spec.Root is not { Path.Length: > 0 } root) throw new OciException("config.json: root.path is missing");
        if (spec.Process is null) throw new OciException("config.json: process is missing");
        string rootfs = Path.GetFullPath(root.Path, folder);
        if (!Directory.Exists(rootfs)) throw new OciException($"root.path: {rootfs} is not a directory");
        return new Bundle(folder, Complete(spec, folder), rootfs);
    }

    /// <summary>The root as the runtime takes it.</summary>
    public RootfsSource Source => new DirectoryRootfs(Rootfs);

    private static RuntimeSpec Complete(RuntimeSpec spec, string folder)
    {
        LinuxSpec linux = spec.Linux ?? new LinuxSpec();
        LinuxResources resources = linux.Resources ?? new LinuxResources();
        // Rules of the configuration come last: they win.
        IReadOnlyList<DeviceRule> given = resources.Devices;
        IReadOnlyList<DeviceRule> devices = given.Count > 0 && given[0] is { Allow: false, Type: null or "" or "a", Major: null or -1, Minor: null or -1 }
            ? [given[0], .. DefaultDevices.Rules.Skip(1), .. given.Skip(1)]
            : [.. given];
        return spec with
        {
            Mounts = [.. spec.Mounts.Select(m => IsBind(m) && m.Source is { Length: > 0 } source ? m with { Source = Path.GetFullPath(source, folder) } : m)],
            Linux = linux with { Resources = resources with { Devices = devices } },
        };
    }

    private static bool IsBind(MountSpec mount) => mount.Type == "bind" || mount.Options.Any(static o => o is "bind" or "rbind");
}
