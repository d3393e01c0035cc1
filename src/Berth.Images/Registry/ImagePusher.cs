using Berth.Images.Spec;
using Berth.Images.Store;

namespace Berth.Images.Registry;

/// <summary>Sends one image: blobs first, the manifest last, so that the registry never has a name for something incomplete.</summary>
internal sealed class ImagePusher(StoreContent content, RegistryRepository target, ImageReference reference, IProgress<ImageProgress>? progress)
{
    public async Task RunAsync(Image image, CancellationToken cancellation)
    {
        byte[] manifest = content.ReadBlob(image.ManifestDigest, ImageJson.MaxManifestBytes, "manifest");
        Descriptor[] layers = [.. image.Manifest.Layers.DistinctBy(layer => layer.Digest)];
        foreach (Descriptor layer in layers)
        {
            progress?.Report(new ImageProgress(layer.Digest.Hex[..12], "Preparing"));
        }
        await Parallel.ForEachAsync(
            layers,
            new ParallelOptions { MaxDegreeOfParallelism = target.Session.Config.ParallelUploads, CancellationToken = cancellation },
            async (layer, stop) => await UploadAsync(layer, progress, stop));
        await UploadAsync(image.Manifest.Config, null, cancellation);
        await target.PutManifestAsync(reference.Tag!, manifest, image.Manifest.MediaType ?? MediaTypes.OciManifest, cancellation);
        content.Catalog.Update(state => state.References[reference.WithDigest(image.ManifestDigest).ToString()] = Digest.Parse(image.Id));
    }

    private async Task UploadAsync(Descriptor blob, IProgress<ImageProgress>? shown, CancellationToken cancellation)
    {
        try
        {
            await new BlobUpload(target, content, blob, Sources(blob.Digest), shown).RunAsync(cancellation);
        }
        catch (UploadLostException e)
        {
            throw new ImageException(ImageErrorCode.Unavailable, $"{target.Session.Endpoint.Address.Authority} loses the uploads of blob {blob.Digest} again and again", e);
        }
    }

    // Other repositories of the same registry from which, or to which, an image with this blob came.
    private IReadOnlyList<string> Sources(Digest blob)
    {
        StoreState state = content.Catalog.Current;
        return [.. state.References
            .Select(known => (Reference: ImageReference.Parse(known.Key), Id: known.Value))
            .Where(known => known.Reference.Digest is not null && known.Reference.Domain == reference.Domain && known.Reference.Path != reference.Path)
            .Where(known => state.Images.TryGetValue(known.Id, out ImageRecord? image) && Names(content.Parsed(image.Manifest).Manifest, blob))
            .Select(known => known.Reference.Path)
            .Distinct()];
    }

    private static bool Names(ImageManifest manifest, Digest blob) => manifest.Config.Digest == blob || manifest.Layers.Any(layer => layer.Digest == blob);
}
