using Berth.Images.Building;
using Berth.Images.Store;

namespace Berth.Images;

// Builds and the cache of their steps.
public sealed partial class ImageStore
{
    /// <summary>Begins a build; dispose ends it.</summary>
    public BuildSession BeginBuild() => new(_content);

    /// <summary>The steps in the build cache, last used first.</summary>
    public IReadOnlyList<BuildCacheEntry> BuildCache()
    {
        HashSet<Digest> ofImages = _content.LayersOfImages();
        return [.. _content.Steps.All.Where(entry => entry.Value.Layers.Count > 0)
            .OrderByDescending(entry => entry.Value.LastUsed).ThenBy(entry => entry.Key.Hex, StringComparer.Ordinal)
            .Select(entry => new BuildCacheEntry(entry.Key.Hex, entry.Value.Description, entry.Value.Size, entry.Value.Created, entry.Value.LastUsed, entry.Value.Uses,
                ofImages.Contains(entry.Value.Stack.Chain[^1])))];
    }

    /// <summary>
    /// Removes steps from the build cache, those unused longest first, until what is left takes no more than <paramref name="keepBytes"/>.
    /// What a running build uses stays on the disk until that build ends.
    /// </summary>
    /// <param name="keepBytes">Bytes of layers that may stay; 0 removes every step.</param>
    /// <param name="usedBefore">Only steps that were last used before; null = all.</param>
    public PrunedSteps PruneBuildCache(long keepBytes, DateTimeOffset? usedBefore)
    {
        var removed = new List<string>();
        long kept = 0;
        foreach ((Digest key, StepRecord record) in _content.Steps.All.OrderByDescending(entry => entry.Value.LastUsed))
        {
            if ((usedBefore is { } before && record.LastUsed >= before) || (keepBytes > 0 && kept + record.Size <= keepBytes))
            {
                kept += record.Size;
                continue;
            }
            _content.Steps.Remove(key);
            removed.Add(key.Hex);
        }
        return new PrunedSteps(removed, _content.Collect());
    }

    internal static async Task<T> OnFullDiskAsync<T>(StoreContent content, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (IOException e) when (e.HResult is (int)Linux.Errno.ENOSPC or (int)Linux.Errno.EDQUOT)
        {
            throw new ImageException(ImageErrorCode.NoSpace, $"no space left on the disk of {content.Paths.Root}", e);
        }
    }
}
