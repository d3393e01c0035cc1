namespace Berth.Containers.Host;

/// <summary>What Berth itself uses of the host: programs that images are made with, and room on the disk.</summary>
internal static class HostTools
{
    private const long EnoughRoom = 2L << 30;

    public static HostFeature Apt(HostFiles files) => files.HasProgram("apt-get")
        ? new HostFeature("apt-get", FeatureStatus.Available, "the images busybox and debian can be made here")
        : new HostFeature("apt-get", FeatureStatus.Missing, "the images busybox and debian cannot be made here", "bring images by berth load or berth import");

    public static HostFeature Debootstrap(HostFiles files) => files.HasProgram("debootstrap")
        ? new HostFeature("debootstrap", FeatureStatus.Available, "makes the image debian")
        : new HostFeature("debootstrap", FeatureStatus.Missing, "makes the image debian; installed when that is first asked for", "apt-get install debootstrap");

    public static HostFeature MachineDisks(HostFiles files)
    {
        string[] missing = [.. ((string[])["mkfs.erofs", "mkfs.ext4"]).Where(program => !files.HasProgram(program))];
        return missing.Length == 0
            ? new HostFeature("vm-disks", FeatureStatus.Available, "mkfs.erofs and mkfs.ext4 make the disks of virtual machines")
            : new HostFeature("vm-disks", FeatureStatus.Missing, $"virtual machines cannot be made: {string.Join(" and ", missing)} missing", "scripts/install-runtime vm, or apt-get install erofs-utils e2fsprogs");
    }

    public static HostFeature BuildPrograms(HostFiles files)
    {
        string[] missing = [.. ((string[])["git", "xz", "bzip2"]).Where(program => !files.HasProgram(program))];
        return missing.Length == 0
            ? new HostFeature("build-programs", FeatureStatus.Available, "git, xz and bzip2: builds of repositories, and of archives that are so compressed")
            : new HostFeature("build-programs", FeatureStatus.Limited, $"builds cannot use repositories or archives that need {string.Join(", ", missing)}", "scripts/install-runtime build, or apt-get install git xz-utils bzip2");
    }

    /// <summary>Room below <paramref name="dataRoot"/>, or below the nearest folder above it that exists.</summary>
    public static HostFeature Room(string dataRoot)
    {
        string folder = Path.GetFullPath(dataRoot);
        while (!Directory.Exists(folder))
            folder = Path.GetDirectoryName(folder) ?? "/";
        long free = new DriveInfo(folder).AvailableFreeSpace;
        string reason = $"{free >> 20} MiB free for {dataRoot}";
        return free >= EnoughRoom
            ? new HostFeature("room", FeatureStatus.Available, reason)
            : new HostFeature("room", FeatureStatus.Limited, reason, "free some room, or choose another --data-root");
    }
}
