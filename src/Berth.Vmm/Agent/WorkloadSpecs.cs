using Berth.Guest;
using Berth.Vmm.Boards;
using Berth.Vmm.Control;

namespace Berth.Vmm.Agent;

/// <summary>What was asked, in the agent's terms.</summary>
internal static class WorkloadSpecs
{
    public static GuestProcessSpec Process(WorkloadConfig workload, (int Rows, int Columns) size, bool isMain) => new()
    {
        Args = workload.Args,
        Env = workload.Env,
        Cwd = workload.Cwd,
        User = workload.User,
        Groups = workload.Groups,
        Limits = [.. workload.Limits.Select(static l => new GuestLimit(l.Resource, l.Soft, l.Hard))],
        Tty = workload.Tty,
        TtySize = size,
        OpenStdin = workload.OpenStdin,
        IsMain = isMain,
        Init = workload.Init,
        NoNewPrivileges = workload.NoNewPrivileges,
    };

    public static GuestSetup Setup(MachineConfig config) => new()
    {
        Root = config.Disks.Count switch
        {
            0 => null,
            1 => new OverlayGuestRoot(Device(0), config.BaseFileSystem, "", "", config.LayerFile.Length > 0),
            _ => new OverlayGuestRoot(Device(0), config.BaseFileSystem, Device(1), config.WritableFileSystem, config.LayerFile.Length > 0),
        },
        Hostname = config.Hostname,
        Hosts = config.Hosts,
        ResolverConfiguration = config.ResolverConfiguration,
        Interfaces = [.. config.Networks.Select(static n => new GuestInterface(n.Mac, n.Name, n.Mtu, n.Addresses, n.Gateways))],
        SharedTag = config.SharedFolders.Count > 0 ? DeviceCatalog.SharedTag : "",
        Mounts = [.. config.Mounts.Select(static m => new GuestMount(m.Source, m.Target, m.Type, m.Flags, m.Options))],
    };

    private static string Device(int index) => $"/dev/vd{(char)('a' + index)}";
}
