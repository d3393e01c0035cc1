namespace Berth.Guest;

/// <summary>An image's read-only disk under a writable one.</summary>
/// <param name="BaseDevice">Device of the image, such as <c>/dev/vda</c>.</param>
/// <param name="BaseType">Its file system, such as <c>erofs</c>.</param>
/// <param name="WritableDevice">Device of the writable disk; empty for memory.</param>
/// <param name="WritableType">Its file system, such as <c>ext4</c>.</param>
/// <param name="GivesLayer">Whether what processes change can be had in the end, by <see cref="GuestChannel.StartLayerAsync"/>; nothing else is written then.</param>
public sealed record OverlayGuestRoot(string BaseDevice, string BaseType, string WritableDevice, string WritableType, bool GivesLayer = false) : GuestRoot;
