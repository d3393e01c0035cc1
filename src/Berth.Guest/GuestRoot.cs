namespace Berth.Guest;

/// <summary>What becomes the root of the machine.</summary>
public abstract record GuestRoot;
