using Berth.Images;

namespace Berth.Registry.Store;

/// <summary>
/// Where the parts of a registry lie. Content is stored once; what a repository has are small files named by digest or tag. Their
/// folders begin with an underscore, which no part of a repository's name does.
/// </summary>
internal sealed class RegistryPaths(string root)
{
    public string Root { get; } = Path.GetFullPath(root);

    public string Lock => Path.Combine(Root, "lock");

    public string Control => Path.Combine(Root, "control.sock");

    public string Blobs => Path.Combine(Root, "blobs", "sha256");

    public string Repositories => Path.Combine(Root, "repositories");

    /// <summary>Unfinished uploads; they survive a restart.</summary>
    public string Uploads => Path.Combine(Root, "uploads");

    /// <summary>Files on their way to another place; emptied at start.</summary>
    public string Staging => Path.Combine(Root, "tmp");

    public string Blob(Digest digest) => Path.Combine(Blobs, digest.Hex[..2], digest.Hex);

    public string Upload(string id) => Path.Combine(Uploads, id);

    public string UploadData(string id) => Path.Combine(Uploads, id, "data");

    /// <summary>Names the repository that an upload is for.</summary>
    public string UploadRepository(string id) => Path.Combine(Uploads, id, "repository");

    public string Repository(string name) => Path.Combine(Repositories, name);

    /// <summary>One empty file for each blob that the repository has.</summary>
    public string BlobLinks(string repository) => Path.Combine(Repository(repository), "_blobs");

    public string BlobLink(string repository, Digest digest) => Path.Combine(BlobLinks(repository), digest.Hex);

    /// <summary>One file for each manifest; its content is the media type.</summary>
    public string Manifests(string repository) => Path.Combine(Repository(repository), "_manifests");

    public string Manifest(string repository, Digest digest) => Path.Combine(Manifests(repository), digest.Hex);

    /// <summary>One file for each tag; its content is a manifest's digest.</summary>
    public string Tags(string repository) => Path.Combine(Repository(repository), "_tags");

    public string Tag(string repository, string tag) => Path.Combine(Tags(repository), tag);

    /// <summary>One file for each manifest that names a subject; its content is the manifest's descriptor.</summary>
    public string Referrers(string repository, Digest subject) => Path.Combine(Repository(repository), "_referrers", subject.Hex);

    public string NewStaging() => Path.Combine(Staging, Guid.NewGuid().ToString("n"));
}
