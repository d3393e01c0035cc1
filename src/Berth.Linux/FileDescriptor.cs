using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Berth.Linux;

/// <summary>An owned file descriptor of any kind (file, directory, mount, pidfd, namespace); closed on dispose.</summary>
public sealed partial class FileDescriptor : SafeHandleMinusOneIsInvalid
{
    /// <summary>Needed by the marshaller; starts invalid.</summary>
    public FileDescriptor() : base(ownsHandle: true) { }

    /// <summary>Takes ownership of <paramref name="fd"/> unless <paramref name="ownsHandle"/> is false.</summary>
    public FileDescriptor(int fd, bool ownsHandle = true) : base(ownsHandle) => SetHandle(fd);

    /// <summary>The C library returns a 32-bit -1, whose upper half in the register is anything.</summary>
    public override bool IsInvalid => (int)handle == -1;

    /// <summary>The number, valid only while this object is alive.</summary>
    public int Number => (int)handle;

    /// <summary>The descriptor as a path that the kernel resolves to the same object.</summary>
    public string ProcPath => $"/proc/self/fd/{Number}";

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => close((int)handle) == 0;

    [LibraryImport("libc.so.6")]
    private static partial int close(int fd);
}
