using System.Buffers;

namespace Berth.Oci.State;

/// <summary>One folder for each container below the root.</summary>
internal sealed class ContainerStore(string root)
{
    /// <summary>Used unless <c>--root</c> says otherwise.</summary>
    public const string DefaultRoot = "/run/berth-oci";

    private const int MaxIdLength = 1024;
    private static readonly SearchValues<char> s_idCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.");

    /// <summary>Takes a name for a new container.</summary>
    /// <exception cref="OciException">The id is malformed or taken.</exception>
    public StoredContainer Add(string id)
    {
        Check(id);
        Directory.CreateDirectory(root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return StoredContainer.Add(Path.Combine(root, id), id);
    }

    /// <summary>The container of this name.</summary>
    /// <exception cref="OciException">There is none.</exception>
    public StoredContainer Get(string id) => Find(id) ?? throw new OciException($"container {id} does not exist");

    /// <summary>The container of this name, or null.</summary>
    public StoredContainer? Find(string id)
    {
        Check(id);
        string folder = Path.Combine(root, id);
        return Directory.Exists(folder) ? StoredContainer.Open(folder, id) : null;
    }

    /// <summary>All containers, by name.</summary>
    public IReadOnlyList<StoredContainer> List() => Directory.Exists(root)
        ? [.. Directory.EnumerateDirectories(root).Select(static d => Path.GetFileName(d)).Order(StringComparer.Ordinal).Select(Find).OfType<StoredContainer>()]
        : [];

    // No separators, and neither "." nor "..": the id is a folder's name.
    private static void Check(string id)
    {
        if (id.Length is 0 or > MaxIdLength || id.AsSpan().ContainsAnyExcept(s_idCharacters) || id is "." or "..")
            throw new OciException($"container id \"{(id.Length > 80 ? id[..80] : id)}\": use letters, digits and _ + - .");
    }
}
