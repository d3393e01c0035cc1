using Berth.Images.Store;

namespace Berth.Images;

// Names and images taken away, by Docker's rules.
public sealed partial class ImageStore
{
    /// <summary>
    /// Removes a name, and the image with its last name. <paramref name="inUse"/> answers which instance needs an image id.
    /// An image a stopped instance needs loses its names by <paramref name="force"/> but stays, nameless, until the instance is gone.
    /// </summary>
    /// <exception cref="ImageException">None of that name, or it is in use or has several names and force is not given.</exception>
    public IReadOnlyList<RemovedImage> Remove(string nameOrId, bool force = false, Func<string, ImageUse?>? inUse = null)
    {
        var removed = new List<RemovedImage>();
        _content.Catalog.Update(state =>
        {
            removed.Clear();
            ImageLookup image = Find(state, nameOrId);
            string[] names = [.. state.References.Where(reference => reference.Value == image.Id).Select(reference => reference.Key)];
            ImageUse? use = inUse?.Invoke(image.Id.ToString());
            if (image.Reference is null)
            {
                RefuseById(image.Id, names, force, use);
            }
            else if (names.Count(name => ImageReference.Parse(name).Tag is not null) <= 1 && use is not null && !force)
            {
                throw Conflict($"unable to remove repository reference \"{ImageException.Printable(nameOrId)}\" (must force) - container {Short(use.ContainerId)} is using its referenced image {image.Id.Hex[..12]}");
            }
            foreach (string name in image.Reference is null ? names : Falling(names, image.Reference))
            {
                state.References.Remove(name);
                removed.Add(new RemovedImage(ImageReference.Parse(name).Familiar, null));
            }
            if (use is null && !state.References.ContainsValue(image.Id))
            {
                state.Images.Remove(image.Id);
                removed.Add(new RemovedImage(null, image.Id.ToString()));
            }
        });
        _content.Collect();
        return removed;
    }

    /// <summary>Removes images without a name or, with <paramref name="all"/>, every image that no instance needs.</summary>
    public PrunedImages Prune(bool all, ImageFilter? filter = null, Func<string, ImageUse?>? inUse = null)
    {
        var removed = new List<RemovedImage>();
        IReadOnlyList<ImageSummary> candidates = List((filter ?? new ImageFilter()) with { Dangling = all ? null : true });
        _content.Catalog.Update(state =>
        {
            removed.Clear();
            foreach (ImageSummary candidate in candidates)
            {
                Digest id = Digest.Parse(candidate.Image.Id);
                string[] names = [.. state.References.Where(reference => reference.Value == id).Select(reference => reference.Key)];
                if (!state.Images.ContainsKey(id) || (!all && names.Any(name => ImageReference.Parse(name).Tag is not null)) || inUse?.Invoke(candidate.Image.Id) is not null)
                {
                    continue;
                }
                state.Forget(id);
                removed.AddRange(names.Select(name => new RemovedImage(ImageReference.Parse(name).Familiar, null)));
                removed.Add(new RemovedImage(null, candidate.Image.Id));
            }
        });
        return new PrunedImages(removed, _content.Collect() + _content.Partials.Clear());
    }

    // With the last tag of a repository go its digests: they only say what the tag stood for.
    private static IEnumerable<string> Falling(string[] names, string removed)
    {
        ImageReference gone = ImageReference.Parse(removed);
        IEnumerable<(string Name, ImageReference Reference)> others = [.. names.Where(name => name != removed).Select(name => (name, ImageReference.Parse(name))).Where(other => other.Item2.Name == gone.Name)];
        return gone.Tag is null || others.Any(other => other.Reference.Tag is not null) ? [removed] : [removed, .. others.Select(other => other.Name)];
    }

    private static void RefuseById(Digest id, string[] names, bool force, ImageUse? use)
    {
        if (use is { Running: true })
        {
            throw Conflict($"unable to delete {id.Hex[..12]} (cannot be forced) - image is being used by running container {Short(use.ContainerId)}");
        }
        if (force)
        {
            return;
        }
        if (names.Select(name => ImageReference.Parse(name).Name).Distinct().Count() > 1)
        {
            throw Conflict($"unable to delete {id.Hex[..12]} (must be forced) - image is referenced in multiple repositories");
        }
        if (use is not null)
        {
            throw Conflict($"unable to delete {id.Hex[..12]} (must be forced) - image is being used by stopped container {Short(use.ContainerId)}");
        }
    }

    private static ImageException Conflict(string why) => new(ImageErrorCode.Conflict, "conflict: " + why);

    private static string Short(string id) => id.Length > 12 ? id[..12] : id;
}
