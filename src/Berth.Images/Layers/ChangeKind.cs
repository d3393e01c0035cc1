namespace Berth.Images.Layers;

/// <summary>How a path differs; the numbers are Docker's.</summary>
public enum ChangeKind
{
    /// <summary>Its content or attributes changed.</summary>
    Modified = 0,

    /// <summary>It is new.</summary>
    Added = 1,

    /// <summary>It is gone.</summary>
    Deleted = 2,
}
