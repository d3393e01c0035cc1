namespace Berth.Linux.Launch;

/// <summary>One system call a child makes between clone3 and execve. A step that may fail names how many of the following calls are
/// then left out with it (<see cref="OnErrorSkip"/>, counted from the next call; null: the failure ends the child).</summary>
public sealed record ChildCall(string Step, nint Number, ChildArgument[] Arguments, int? OnErrorSkip = null);
