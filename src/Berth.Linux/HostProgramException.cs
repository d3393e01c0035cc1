namespace Berth.Linux;

/// <summary>A program of the host could not be run or failed; the message ends with what it said last.</summary>
public sealed class HostProgramException(string message, Exception? inner = null) : Exception(message, inner);
