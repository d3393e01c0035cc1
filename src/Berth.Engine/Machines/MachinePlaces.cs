namespace Berth.Engine.Machines;

/// <summary>Where things stand inside the sandbox of a berth-vmm.</summary>
internal static class MachinePlaces
{
    public const string Program = "/berth/berth-vmm";
    public const string InstallDirectory = "/berth";
    public const string DotnetRoot = "/dotnet";
    public const string Kernel = "/boot/kernel";
    public const string Initrd = "/boot/initrd";
    public const string BaseDisk = "/disks/base";

    /// <summary>Written by the engine as root: it must not stand where berth-vmm could put a link in its place.</summary>
    public const string Config = "/boot/machine.json";

    public const string Directory = "/machine";
    public const string WritableDisk = "/machine/disk.ext4";
    public const string ConsoleLog = "/machine/console.log";
    /// <summary>What the command of a build left behind.</summary>
    public const string Layer = "/machine/layer.tar";

    public const string ControlSocket = "/machine/control";

    /// <summary>Parent of the shared folders.</summary>
    public const string Folders = "/folders";

    /// <summary>The same place seen from the host, for what is in <see cref="Directory"/>.</summary>
    public static string OnHost(string directory, string place) => Path.Combine(directory, Path.GetFileName(place));
}
