namespace Berth.Images.Layers;

/// <summary>One difference between an instance and its image.</summary>
/// <param name="Path">Absolute path.</param>
/// <param name="Kind">How it differs.</param>
public sealed record FileChange(string Path, ChangeKind Kind);
