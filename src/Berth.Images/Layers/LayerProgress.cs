namespace Berth.Images.Layers;

/// <summary>How the unpacking of a layer is shown.</summary>
internal readonly record struct LayerProgress(string Id, string Status, IProgress<ImageProgress>? Target);
