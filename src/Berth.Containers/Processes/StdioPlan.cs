using Berth.Linux;

namespace Berth.Containers.Processes;

/// <summary>Descriptors that become 0, 1 and 2; numbers above 2, so that none overwrites another.</summary>
internal sealed record StdioPlan(FileDescriptor Stdin, FileDescriptor Stdout, FileDescriptor Stderr, bool IsTerminal);
