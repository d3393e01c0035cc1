namespace Berth.Vmm.Control;

/// <summary>A directory or file of the host that a machine shares.</summary>
/// <param name="Name">Its name among those shared, the source of a <see cref="GuestMountConfig"/> of type <see cref="GuestMountConfig.Shared"/>.</param>
/// <param name="Path">Where berth-vmm sees it.</param>
/// <param name="IsReadOnly">Whether the guest may only read.</param>
public sealed record SharedFolderConfig(string Name, string Path, bool IsReadOnly);
