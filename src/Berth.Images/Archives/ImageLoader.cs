using Berth.Images.Layers;
using Berth.Images.Store;

namespace Berth.Images.Archives;

/// <summary>Brings the images of an archive into the store: all of them or, when anything is wrong, none.</summary>
internal static class ImageLoader
{
    public static async Task<IReadOnlyList<(Digest Id, IReadOnlyList<ImageReference> References)>> LoadAsync(
        IngestSession session, ArchiveFiles files, IProgress<ImageProgress>? progress, CancellationToken cancellation)
    {
        IReadOnlyList<ArchiveImage> images = Find(session, files);
        foreach (ArchiveImage image in images)
        {
            await LayerUnpacker.EnsureAsync(session, image.Manifest, image.Config, progress, cancellation);
        }
        cancellation.ThrowIfCancellationRequested();
        session.Content.Catalog.Update(state =>
        {
            foreach (ArchiveImage image in images)
            {
                Register(state, image.Manifest.Config.Digest, image.ManifestBlob.Digest, image.References, session.Content.Time.GetUtcNow());
            }
        });
        return [.. images.Select(image => (image.Manifest.Config.Digest, image.References))];
    }

    /// <summary>Adds an image and its names to a state that is being made.</summary>
    public static void Register(StoreState state, Digest id, Digest manifest, IEnumerable<ImageReference> references, DateTimeOffset now, Digest? parent = null)
    {
        state.Images[id] = state.Images.TryGetValue(id, out ImageRecord? known)
            ? known with { LastTagged = now }
            : new ImageRecord { Manifest = manifest, LastTagged = now, Parent = parent };
        foreach (ImageReference reference in references)
        {
            state.References[reference.ToString()] = id;
        }
    }

    private static IReadOnlyList<ArchiveImage> Find(IngestSession session, ArchiveFiles files)
    {
        IReadOnlyList<ArchiveImage> oci = files.Find("index.json") is { } index && files.Find("oci-layout") is not null
            ? new OciIndexReader(files, session).Read(index)
            : [];
        IReadOnlyList<ArchiveImage> images = files.Find("manifest.json") is { } manifest ? new DockerArchiveReader(files, session).Read(manifest, oci) : oci;
        return images.Count > 0
            ? images
            : throw ImageException.BadArchive("no image in it: neither manifest.json (docker save) nor index.json (OCI layout) names one; for the tar of a root file system use import");
    }
}
