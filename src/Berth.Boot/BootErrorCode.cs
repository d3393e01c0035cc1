namespace Berth.Boot;

/// <summary>What is wrong with what a machine was asked to boot.</summary>
public enum BootErrorCode
{
    /// <summary>The file is none of the kernel formats.</summary>
    NotAKernel,

    /// <summary>The file is a kernel whose contents contradict themselves.</summary>
    Corrupt,

    /// <summary>The file ends before the kernel does.</summary>
    Truncated,

    /// <summary>The kernel's boot protocol is older than 2.12.</summary>
    TooOld,

    /// <summary>A kernel for another processor or without a 64-bit entry.</summary>
    Unsupported,

    /// <summary>The initial RAM disk is no archive that Linux unpacks.</summary>
    BadInitrd,

    /// <summary>Kernel and initial RAM disk do not fit into the memory.</summary>
    MemoryTooSmall,

    /// <summary>The command line is too long or holds characters that the kernel cannot take.</summary>
    BadCommandLine,

    /// <summary>No kernel of that name in the store.</summary>
    NotFound,

    /// <summary>A program on the host that fetches kernels failed.</summary>
    Host,
}
