namespace Berth.Build;

/// <summary>Bounds on what a Dockerfile, which anyone may have written, can make this host hold.</summary>
public static class BuildLimits
{
    /// <summary>Bytes of a Dockerfile or ignore file.</summary>
    public const int MaxFileBytes = 1 << 20;

    /// <summary>Stages of one file.</summary>
    public const int MaxStages = 256;

    /// <summary>Instructions of one file, those that ONBUILD adds included.</summary>
    public const int MaxInstructions = 4096;

    /// <summary>Characters that one expanded text may have; <c>ENV A=$A$A</c> doubles with each line.</summary>
    public const int MaxExpandedLength = 1 << 18;

    /// <summary>Depth of <c>${a:-${b:-…}}</c>.</summary>
    public const int MaxNesting = 32;

    /// <summary>Patterns of one ignore file.</summary>
    public const int MaxPatterns = 4096;

    /// <summary>Characters of one pattern.</summary>
    public const int MaxPatternLength = 4096;
}
