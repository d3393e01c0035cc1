namespace Berth.Guest;

/// <summary>A directory of the guest, or of the host when the agent runs natively.</summary>
/// <param name="Path">Absolute path.</param>
public sealed record DirectoryGuestRoot(string Path) : GuestRoot;
