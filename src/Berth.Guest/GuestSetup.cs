using Berth.Guest.Protocol;

namespace Berth.Guest;

/// <summary>How a machine is made ready for its processes.</summary>
public sealed record GuestSetup
{
    /// <summary>What becomes its root; null leaves things as they are.</summary>
    public GuestRoot? Root { get; init; }

    /// <summary>The host's name, or empty.</summary>
    public string Hostname { get; init; } = "";

    /// <summary>Content of /etc/hosts; empty for the agent's own with the name above.</summary>
    public string Hosts { get; init; } = "";

    /// <summary>Content of /etc/resolv.conf; empty leaves the image's.</summary>
    public string ResolverConfiguration { get; init; } = "";

    /// <summary>Tag of the file system of shared folders, or empty; mounts of type <c>share</c> have a name in it as their source.</summary>
    public string SharedTag { get; init; } = "";

    /// <summary>Further mounts, in order.</summary>
    public IReadOnlyList<GuestMount> Mounts { get; init; } = [];

    /// <summary>Network cards and their addresses.</summary>
    public IReadOnlyList<GuestInterface> Interfaces { get; init; } = [];

    internal ReadOnlyMemory<byte> ToPayload()
    {
        (byte kind, string source, string sourceType, string top, string topType) = Root switch
        {
            null => ((byte)0, "", "", "", ""),
            OverlayGuestRoot overlay => (overlay.GivesLayer ? (byte)4 : (byte)1, overlay.BaseDevice, overlay.BaseType, overlay.WritableDevice, overlay.WritableType),
            DiskGuestRoot disk => ((byte)2, disk.Device, disk.Type, "", ""),
            DirectoryGuestRoot directory => ((byte)3, directory.Path, "", "", ""),
            _ => throw new NotSupportedException($"unknown kind of root: {Root}"),
        };
        PayloadWriter writer = new PayloadWriter().Byte(kind).Text(source).Text(sourceType).Text(top).Text(topType)
            .Text(Hostname).Text(Hosts).Text(ResolverConfiguration).Text(SharedTag).UInt32((uint)Mounts.Count);
        foreach (GuestMount mount in Mounts)
        {
            writer.Text(mount.Source).Text(mount.Target).Text(mount.Type).UInt32(mount.Flags).Text(mount.Options);
        }
        writer.UInt32((uint)Interfaces.Count);
        foreach (GuestInterface card in Interfaces)
        {
            card.Write(writer);
        }
        return writer.Written;
    }
}
