namespace Berth.Images.Tar;

/// <summary>What a tar entry makes. [PAX] "ustar Interchange Format", typeflag.</summary>
public enum TarEntryType
{
    /// <summary>Regular file, also sparse and contiguous ones.</summary>
    File,

    /// <summary>Another name of an earlier file.</summary>
    HardLink,

    /// <summary>Symbolic link.</summary>
    SymbolicLink,

    /// <summary>Character device.</summary>
    CharacterDevice,

    /// <summary>Block device.</summary>
    BlockDevice,

    /// <summary>Directory.</summary>
    Directory,

    /// <summary>Named pipe.</summary>
    Fifo,
}
