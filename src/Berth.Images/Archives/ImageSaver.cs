using Berth.Images.Store;

namespace Berth.Images.Archives;

/// <summary>Writes images as one archive.</summary>
internal static class ImageSaver
{
    public static Task SaveAsync(StoreContent content, IReadOnlyList<(Image Image, ImageReference? Reference)> images, Stream output, CancellationToken cancellation) =>
        throw new NotImplementedException();
}
