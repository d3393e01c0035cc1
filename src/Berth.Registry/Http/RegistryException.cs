using Berth.Images;

namespace Berth.Registry.Http;

/// <summary>A request is refused with a status and a code of [OCI-DIST] "Error Codes".</summary>
internal sealed class RegistryException(int status, string code, string message) : Exception(message)
{
    public int Status { get; } = status;

    public string Code { get; } = code;

    /// <summary>Value of the Range header that tells how far an upload is.</summary>
    public string? Range { get; init; }

    public static RegistryException BlobUnknown() => new(404, "BLOB_UNKNOWN", "no such blob in this repository");

    public static RegistryException DigestInvalid(string why) => new(400, "DIGEST_INVALID", why);

    public static RegistryException ManifestInvalid(string why) => new(400, "MANIFEST_INVALID", why);

    public static RegistryException ManifestUnknown() => new(404, "MANIFEST_UNKNOWN", "no such manifest in this repository");

    public static RegistryException ManifestBlobUnknown(Digest digest) => new(404, "MANIFEST_BLOB_UNKNOWN", $"the manifest names {digest}, which this repository does not have");

    public static RegistryException NameInvalid() => new(400, "NAME_INVALID", "a repository name is lower-case words separated by '/', '.', '_', '__' or '-', 255 characters at most");

    public static RegistryException NameUnknown() => new(404, "NAME_UNKNOWN", "no such repository");

    public static RegistryException Unsupported(string what) => new(405, "UNSUPPORTED", what);
}
