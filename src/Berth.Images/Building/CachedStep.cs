namespace Berth.Images.Building;

/// <summary>A step that was built before.</summary>
/// <param name="Stack">The file system after it.</param>
/// <param name="Created">When it was built.</param>
public sealed record CachedStep(LayerList Stack, DateTimeOffset Created);
