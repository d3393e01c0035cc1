namespace Berth.Vmm.Control;

/// <summary>What a machine may have; requests are checked against this before anything is made.</summary>
public static class MachineLimits
{
    /// <summary>Processors of one machine.</summary>
    public const int MaxCpus = 64;

    /// <summary>Bytes of RAM below which Debian's kernel does not reach its first process.</summary>
    public const long MinMemory = 80L << 20;

    /// <summary>Bytes of RAM of one machine.</summary>
    public const long MaxMemory = 256L << 30;

    /// <summary>Bytes of RAM of a machine for which none were asked.</summary>
    public const long DefaultMemory = 512L << 20;

    /// <summary>Network cards of one machine: what the slots of its PCI bus leave beside the other devices.</summary>
    public const int MaxNetworkCards = 24;

    /// <summary>Bytes that berth-vmm needs beside the guest's RAM: what its cgroup allows in addition.</summary>
    public const long Overhead = 256L << 20;
}
