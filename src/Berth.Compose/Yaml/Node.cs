namespace Berth.Compose.Yaml;

/// <summary>A value of a YAML document with its place. Nodes never change: anchors share them.</summary>
public abstract class Node(Mark mark, MergeTag tag)
{
    /// <summary>Where it begins.</summary>
    public Mark Mark { get; } = mark;

    /// <summary>How it is merged.</summary>
    public MergeTag Tag { get; } = tag;

    /// <summary>What it counts with everything below it, aliases written out: roughly its nodes plus its text in units of 64 characters.</summary>
    public abstract long Weight { get; }

    /// <summary>What it is called in complaints.</summary>
    public abstract string Kind { get; }
}
