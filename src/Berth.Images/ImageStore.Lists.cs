using Berth.Images.Store;

namespace Berth.Images;

// Lists, room taken, and what a filter selects.
public sealed partial class ImageStore
{
    /// <summary>The images that <paramref name="filter"/> selects, newest first.</summary>
    /// <exception cref="ImageException">The filter names an image that is not there.</exception>
    public IReadOnlyList<ImageSummary> List(ImageFilter? filter = null)
    {
        StoreState state = _content.Catalog.Current;
        Image[] all = [.. state.Images.Keys.Select(id => Describe(state, id))];
        Dictionary<Digest, int> users = all.SelectMany(image => image.ChainIds).CountBy(chain => chain).ToDictionary();
        Func<Image, bool> selected = Compile(state, filter ?? new ImageFilter());
        return [.. all.Where(selected).OrderByDescending(image => image.Created).ThenBy(image => image.Id, StringComparer.Ordinal)
            .Select(image => new ImageSummary(
                filter?.References.Count > 0 ? Selected(image, filter.References) : image,
                image.ChainIds.Where(chain => users[chain] > 1 && state.Layers.ContainsKey(chain)).Sum(chain => state.Layers[chain].Size)))];
    }

    /// <summary>Room that all images take; a layer of several images counts once.</summary>
    public ImageDiskUsage DiskUsage()
    {
        StoreState state = _content.Catalog.Current;
        return new ImageDiskUsage(_content.LayersOfImages().Sum(chain => state.Layers.TryGetValue(chain, out LayerRecord? layer) ? layer.Size : 0), List());
    }

    private Func<Image, bool> Compile(StoreState state, ImageFilter filter)
    {
        DateTimeOffset? before = filter.Before is null ? null : Describe(state, Find(state, filter.Before).Id).Created;
        DateTimeOffset? since = filter.Since is null ? null : Describe(state, Find(state, filter.Since).Id).Created;
        return image =>
            (filter.Dangling is null || filter.Dangling == (image.RepoTags.Count == 0))
            && (filter.References.Count == 0 || image.RepoTags.Any(tag => MatchesAny(filter.References, tag)))
            && filter.Labels.All(label => HasLabel(image, label))
            && !filter.WithoutLabels.Any(label => HasLabel(image, label))
            && (before is null || image.Created < before)
            && (since is null || image.Created > since)
            && (filter.Until is null || image.Created < filter.Until);
    }

    private static bool HasLabel(Image image, string wanted)
    {
        int equals = wanted.IndexOf('=', StringComparison.Ordinal);
        string key = equals < 0 ? wanted : wanted[..equals];
        return image.Config.Config?.Labels?.TryGetValue(key, out string? value) == true && (equals < 0 || value == wanted[(equals + 1)..]);
    }

    // Of the names, those that were asked for; clients make a line of each.
    private static Image Selected(Image image, IReadOnlyList<string> patterns) => image with
    {
        RepoTags = [.. image.RepoTags.Where(tag => MatchesAny(patterns, tag))],
        RepoDigests = [.. image.RepoDigests.Where(digest => MatchesAny(patterns, digest))],
    };

    // Docker matches the pattern against the familiar name, with and without the tag or digest.
    private static bool MatchesAny(IReadOnlyList<string> patterns, string name)
    {
        int at = name.IndexOf('@', StringComparison.Ordinal);
        string bare = name[..(at < 0 ? name.LastIndexOf(':') : at)];
        return patterns.Any(pattern => GlobPattern.IsMatch(pattern, name) || GlobPattern.IsMatch(pattern, bare));
    }
}
