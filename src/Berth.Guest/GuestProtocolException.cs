namespace Berth.Guest;

/// <summary>The guest broke the protocol, or its channel ended: nothing more can be asked of it.</summary>
public sealed class GuestProtocolException(string message, Exception? inner = null) : IOException("guest: " + message, inner);
