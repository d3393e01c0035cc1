using Berth.Images.Spec;
using Berth.Images.Store;

namespace Berth.Images;

// How the catalog's records become the images callers see.
public sealed partial class ImageStore
{
    private static ImageLookup Find(StoreState state, string nameOrId) => ImageLookup.Find(state, nameOrId)
        ?? throw new ImageException(ImageErrorCode.NotFound, $"No such image: {ImageException.Printable(Shown(nameOrId))}");

    // Docker's messages name the tag that was looked for.
    private static string Shown(string nameOrId) => ImageReference.TryParse(nameOrId, out ImageReference reference) ? reference.WithDefaultTag().Familiar : nameOrId;

    private Image Describe(StoreState state, Digest id)
    {
        ImageRecord record = state.Images[id];
        (ImageManifest manifest, ImageConfig config) = _content.Parsed(record.Manifest);
        IReadOnlyList<Digest> chain = LayerChain.Of(config.Rootfs.DiffIds);
        ImageReference[] names = [.. state.References.Where(reference => reference.Value == id).Select(reference => ImageReference.Parse(reference.Key)).OrderBy(name => name.Familiar, StringComparer.Ordinal)];
        return new Image
        {
            Id = id.ToString(),
            Config = config,
            Manifest = manifest,
            ManifestDigest = record.Manifest,
            RepoTags = [.. names.Where(name => name.Tag is not null).Select(name => name.Familiar)],
            RepoDigests = [.. names.Where(name => name.Digest is not null).Select(name => $"{name.FamiliarName}@{name.Digest}")],
            Size = chain.Sum(layer => state.Layers.TryGetValue(layer, out LayerRecord? found) ? found.Size : 0),
            ParentId = record.Parent is { } parent && state.Images.ContainsKey(parent) ? parent.ToString() : "",
            Created = config.CreatedAt ?? DateTimeOffset.UnixEpoch,
            LastTagged = record.LastTagged,
            ChainIds = chain,
        };
    }
}
