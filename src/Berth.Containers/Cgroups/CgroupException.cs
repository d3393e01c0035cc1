using Berth.Linux;

namespace Berth.Containers.Cgroups;

/// <summary>A cgroup could not be made, limited, read or removed. The message names the file and what to do.</summary>
public sealed class CgroupException : Exception
{
    /// <summary>Describes the failure; <paramref name="errno"/> is the kernel's answer if there was one.</summary>
    public CgroupException(string message, Errno errno = Errno.None, Exception? inner = null) : base(message, inner) => Errno = errno;

    /// <summary>The kernel's answer, or <see cref="Errno.None"/>.</summary>
    public Errno Errno { get; }
}
