namespace Berth.Images.Store;

/// <summary>What a name or id given by a user means.</summary>
/// <param name="Id">The image.</param>
/// <param name="Reference">Canonical reference when it was named; null when it was given by id.</param>
internal readonly record struct ImageLookup(Digest Id, string? Reference)
{
    /// <summary>Full id, then name, then start of an id: the order in which Docker tries.</summary>
    public static ImageLookup? Find(StoreState state, string text)
    {
        if (Digest.TryParse(text, out Digest digest) || Digest.TryParse("sha256:" + text, out digest))
        {
            return state.Images.ContainsKey(digest) ? new ImageLookup(digest, null) : null;
        }
        if (ImageReference.TryParse(text, out ImageReference reference))
        {
            // With a digest, the tag beside it says nothing more.
            string name = (reference.Digest is { } whole ? reference.WithDigest(whole) : reference.WithDefaultTag()).ToString();
            if (state.References.TryGetValue(name, out Digest named))
            {
                return new ImageLookup(named, name);
            }
            if (reference.Digest is { } manifest)
            {
                foreach ((string known, Digest id) in state.References)
                {
                    if (state.Images[id].Manifest == manifest && known.StartsWith(reference.Name + ":", StringComparison.Ordinal))
                    {
                        return new ImageLookup(id, known);
                    }
                }
            }
        }
        return FindPrefix(state, text.StartsWith("sha256:", StringComparison.Ordinal) ? text[7..] : text);
    }

    private static ImageLookup? FindPrefix(StoreState state, string prefix)
    {
        if (prefix.Length is 0 or > 64 || !Digest.HasOnlyHex(prefix))
        {
            return null;
        }
        Digest[] found = [.. state.Images.Keys.Where(id => id.Hex.StartsWith(prefix, StringComparison.Ordinal)).Take(2)];
        return found.Length switch
        {
            0 => null,
            1 => new ImageLookup(found[0], null),
            _ => throw new ImageException(ImageErrorCode.InvalidParameter, $"multiple images have an id that begins with {prefix}: give more digits"),
        };
    }
}
