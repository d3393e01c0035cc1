namespace Berth.Images.Layers;

/// <summary>Writes directories as layer tars.</summary>
public static class LayerTarWriter
{
    /// <summary>Writes a whole tree: the single layer of a new image.</summary>
    public static Task WriteTreeAsync(string directory, Stream output, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Writes an overlay upper directory as the layer it amounts to: whiteouts and opaque directories become <c>.wh.</c> entries.</summary>
    public static Task WriteUpperAsync(string upperDirectory, Stream output, CancellationToken cancellation) => throw new NotImplementedException();
}
