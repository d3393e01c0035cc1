namespace Berth.Images.Layers;

/// <summary>Compares an overlay upper directory with what lies below it.</summary>
public static class LayerDiff
{
    /// <summary>The changes as <c>docker diff</c> lists them, sorted by path. <paramref name="lowerDirectories"/> are topmost first.</summary>
    public static IReadOnlyList<FileChange> Compare(string upperDirectory, IReadOnlyList<string> lowerDirectories) => throw new NotImplementedException();
}
