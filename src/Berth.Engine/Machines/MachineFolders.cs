using Berth.Containers.Spec;
using Berth.Engine.Planning;
using Berth.Engine.State;
using Berth.Linux;
using Berth.Vmm.Control;

namespace Berth.Engine.Machines;

/// <summary>Binds and volumes of a machine: berth-vmm sees each at a place of its own, the guest by its number, and nothing beside it.</summary>
internal static class MachineFolders
{
    /// <summary>Those mounts that show something of the host, numbered.</summary>
    public static IEnumerable<(int Number, PlannedMount Mount)> Of(InstanceDefinition definition) => definition.Mounts.Where(static m => m.Type != "tmpfs").Select(static (mount, i) => (i, mount));

    public static bool Any(InstanceDefinition definition) => Of(definition).Any();

    /// <summary>Refuses what has no meaning between two kernels.</summary>
    public static void Check(IReadOnlyList<PlannedMount> mounts)
    {
        if (mounts.FirstOrDefault(static m => m.Propagation is "shared" or "rshared") is { } shared)
            throw EngineException.NotImplemented($"{shared.Destination}: not for a virtual machine: propagation {shared.Propagation} would hand mounts of its own kernel to the host: use rslave or leave it out");
    }

    /// <summary>Refuses a source that another kernel cannot reach through a file system.</summary>
    public static void CheckSources(InstanceDefinition definition)
    {
        foreach ((_, PlannedMount mount) in Of(definition).Where(static folder => folder.Mount.Type == "bind"))
        {
            if (Libc.TryStatAt(null, mount.Source, out Libc.statx status, followLinks: true) == Errno.None && !status.IsDirectory && !status.IsRegularFile)
                throw EngineException.Invalid($"{mount.Source}: a virtual machine shares directories and regular files only; a socket, FIFO or device works within one kernel: use --runtime container");
        }
    }

    /// <summary>How the sandbox shows them to berth-vmm.</summary>
    public static IEnumerable<MountSpec> Mounts(InstanceDefinition definition, SpecInputs inputs)
    {
        if (!Any(definition))
            return [];
        var parent = new MountSpec { Destination = MachinePlaces.Folders, Type = "tmpfs", Source = "tmpfs", Options = ["nosuid", "nodev", "noexec", "mode=755", "size=1m"] };
        return Of(definition).Select(folder =>
        {
            MountSpec bind = MountList.User(folder.Mount, inputs);
            return bind with { Destination = Place(folder.Number), Options = [.. bind.Options, "nosuid", "nodev", "noexec"] };
        }).Prepend(parent);
    }

    public static IReadOnlyList<SharedFolderConfig> Configs(InstanceDefinition definition) =>
        [.. Of(definition).Select(static folder => new SharedFolderConfig(Name(folder.Number), Place(folder.Number), folder.Mount.ReadOnly))];

    public static string Name(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string Place(int number) => $"{MachinePlaces.Folders}/{Name(number)}";
}
