namespace Berth.Containers.Security;

/// <summary>A seccomp profile cannot be read or cannot be turned into a filter. The message names the field and what to do.</summary>
public sealed class SeccompException(string message, Exception? inner = null) : Exception(message, inner);
