namespace Berth.Vmm.Control;

/// <summary>A mount made in the guest before its workload starts: mount(2).</summary>
/// <param name="Source">Device or name.</param>
/// <param name="Target">Absolute path; made when missing.</param>
/// <param name="Type">The guest kernel's name of the file system.</param>
/// <param name="Flags">MS_* flags.</param>
/// <param name="Options">Options of the file system, separated by commas.</param>
public sealed record GuestMountConfig(string Source, string Target, string Type, uint Flags = 0, string Options = "")
{
    /// <summary>The type of a mount that shows a folder of <see cref="MachineConfig.SharedFolders"/>.</summary>
    public const string Shared = "share";
}
