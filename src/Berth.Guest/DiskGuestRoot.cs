namespace Berth.Guest;

/// <summary>One writable disk that holds everything.</summary>
/// <param name="Device">Its device, such as <c>/dev/vda</c>.</param>
/// <param name="Type">Its file system, such as <c>ext4</c>.</param>
public sealed record DiskGuestRoot(string Device, string Type) : GuestRoot;
