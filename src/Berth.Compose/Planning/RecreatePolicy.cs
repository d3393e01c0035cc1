namespace Berth.Compose.Planning;

/// <summary>Which containers <c>up</c> replaces.</summary>
public enum RecreatePolicy
{
    /// <summary>Those that are out of date.</summary>
    Diverged,

    /// <summary>All.</summary>
    Force,

    /// <summary>None.</summary>
    Never,
}
