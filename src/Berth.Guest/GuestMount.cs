namespace Berth.Guest;

/// <summary>A mount the agent makes once the root stands: mount(2).</summary>
/// <param name="Source">Device or tag.</param>
/// <param name="Target">Absolute path in the machine; made when missing.</param>
/// <param name="Type">The kernel's name of the file system.</param>
/// <param name="Flags">MS_* flags.</param>
/// <param name="Options">Options of the file system, separated by commas.</param>
public sealed record GuestMount(string Source, string Target, string Type, uint Flags = 0, string Options = "");
