using Berth.Linux;

namespace Berth.Containers.Lifecycle;

/// <summary>Standard streams of a process without a terminal; null stands for /dev/null. The caller keeps ownership.</summary>
public sealed record ProcessStdio(FileDescriptor? Stdin, FileDescriptor? Stdout, FileDescriptor? Stderr);
