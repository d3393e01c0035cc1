using Berth.Images.Tar;
using Berth.Linux;

namespace Berth.Images.Layers;

/// <summary>Writes directories as layer tars. The same tree always gives the same bytes.</summary>
public static class LayerTarWriter
{
    /// <summary>Writes a whole tree: the single layer of a new image, or an export.</summary>
    public static async Task WriteTreeAsync(string directory, Stream output, CancellationToken cancellation)
    {
        using FileDescriptor root = Libc.Open(directory, Libc.O_RDONLY | Libc.O_DIRECTORY);
        await WriteAsync(root, isUpper: false, output, cancellation);
    }

    /// <summary>Writes an overlay upper directory as the layer it amounts to: whiteouts and opaque directories become <c>.wh.</c> entries.</summary>
    /// <param name="upperDirectory">The directory.</param>
    /// <param name="output">Gets the tar.</param>
    /// <param name="cancellation">Stops the writing.</param>
    /// <param name="latest">Later times are written as this one.</param>
    /// <param name="lowerDirectories">The layers below, topmost first: then directories are opaque only where they hide something.</param>
    public static async Task WriteUpperAsync(string upperDirectory, Stream output, CancellationToken cancellation, TarTime? latest = null, IReadOnlyList<string>? lowerDirectories = null)
    {
        using FileDescriptor root = Libc.Open(upperDirectory, Libc.O_RDONLY | Libc.O_DIRECTORY);
        using LowerView? below = lowerDirectories is null ? null : new LowerView(lowerDirectories);
        await WriteAsync(root, isUpper: true, output, cancellation, latest, below);
    }

    internal static async Task WriteAsync(FileDescriptor root, bool isUpper, Stream output, CancellationToken cancellation, TarTime? latest = null, LowerView? below = null)
    {
        await using var buffered = new BufferedStream(new NonClosingStream(output), 1 << 18);
        var writer = new TarWriter(buffered);
        await new TreeArchiver(writer, isUpper) { Latest = latest, Below = below }.WriteDirectoryAsync(root, "", cancellation);
        await writer.CompleteAsync(cancellation);
    }
}
