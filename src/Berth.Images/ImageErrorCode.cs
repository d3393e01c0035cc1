namespace Berth.Images;

/// <summary>What kind of failure an <see cref="ImageException"/> reports.</summary>
public enum ImageErrorCode
{
    /// <summary>No image, blob or path of that name.</summary>
    NotFound,

    /// <summary>The image is in use or the name is taken.</summary>
    Conflict,

    /// <summary>A reference, change or option given by the caller is malformed or ambiguous.</summary>
    InvalidParameter,

    /// <summary>An archive, manifest or configuration breaks its format or a limit.</summary>
    InvalidArchive,

    /// <summary>Well-formed, but of a kind Berth does not handle.</summary>
    NotSupported,

    /// <summary>The disk has too little room.</summary>
    NoSpace,

    /// <summary>A registry wants other credentials, or any.</summary>
    Unauthorized,

    /// <summary>A registry cannot be reached.</summary>
    Unavailable,

    /// <summary>The host failed: a package could not be fetched, a tool broke.</summary>
    System,
}
