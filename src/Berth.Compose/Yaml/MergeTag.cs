namespace Berth.Compose.Yaml;

/// <summary>How a value meets the one of an earlier file ([COMPOSE] "Merge and override").</summary>
public enum MergeTag
{
    /// <summary>By the usual rules.</summary>
    None,

    /// <summary><c>!reset</c>: the attribute is removed.</summary>
    Reset,

    /// <summary><c>!override</c>: the attribute is replaced.</summary>
    Override,
}
