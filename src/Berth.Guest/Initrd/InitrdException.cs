namespace Berth.Guest.Initrd;

/// <summary>An initrd cannot be made; the message names what is missing.</summary>
public sealed class InitrdException(string message, Exception? inner = null) : Exception(message, inner);
