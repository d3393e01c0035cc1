namespace Berth.Engine;

/// <summary>What went wrong, in the classes that callers tell apart (HTTP status, exit code).</summary>
public enum EngineErrorKind
{
    /// <summary>No such object (404).</summary>
    NotFound,
    /// <summary>The object's state or a name forbids it (409).</summary>
    Conflict,
    /// <summary>The request itself is wrong (400).</summary>
    InvalidParameter,
    /// <summary>Already so (304).</summary>
    NotModified,
    /// <summary>Not allowed (403).</summary>
    Forbidden,
    /// <summary>A registry wants other credentials, or any (401).</summary>
    Unauthorized,
    /// <summary>Known, but not available in this version (501).</summary>
    NotImplemented,
    /// <summary>Cannot be served now (503).</summary>
    Unavailable,
    /// <summary>The disk is full (507).</summary>
    NoSpace,
    /// <summary>The host or the engine failed (500).</summary>
    System,
}
