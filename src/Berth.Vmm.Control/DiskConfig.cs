namespace Berth.Vmm.Control;

/// <summary>A disk of a machine, in the order in which the guest names them: /dev/vda, /dev/vdb, …</summary>
/// <param name="Path">A raw image, as berth-vmm sees it.</param>
/// <param name="IsReadOnly">Whether the guest may not write.</param>
public sealed record DiskConfig(string Path, bool IsReadOnly);
