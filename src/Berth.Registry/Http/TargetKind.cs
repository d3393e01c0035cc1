namespace Berth.Registry.Http;

/// <summary>Kinds of things that requests are about.</summary>
internal enum TargetKind
{
    Base,
    Catalog,
    Tags,
    Manifest,
    Blob,
    Uploads,
    Upload,
    Referrers,
}
