namespace Berth.Linux;

/// <summary>A system call failed. Carries the call's name and its errno; the message names what it was applied to.</summary>
public sealed class LinuxException : IOException
{
    /// <summary>Describes a failed <paramref name="call"/>; <paramref name="subject"/> is the path or object it was applied to.</summary>
    public LinuxException(string call, Errno errno, string? subject = null)
        : base(subject is null ? $"{call}: {errno.Describe()}" : $"{call} {subject}: {errno.Describe()}")
    {
        Call = call;
        Errno = errno;
        HResult = (int)errno;
    }

    /// <summary>Name of the system call, such as <c>mount</c>.</summary>
    public string Call { get; }

    /// <summary>The error number the kernel answered with.</summary>
    public Errno Errno { get; }
}
