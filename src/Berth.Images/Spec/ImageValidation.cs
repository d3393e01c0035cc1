namespace Berth.Images.Spec;

/// <summary>Checks on manifests and configurations beyond their JSON shape.</summary>
internal static class ImageValidation
{
    /// <summary>More than overlayfs and Docker take (127), with room for images of other builders.</summary>
    public const int MaxLayers = 500;

    public static ImageManifest Checked(this ImageManifest manifest)
    {
        Require(manifest.SchemaVersion == 2, $"manifest: schemaVersion {manifest.SchemaVersion} is not 2");
        Require(manifest.MediaType is null || MediaTypes.IsManifest(manifest.MediaType), $"manifest: media type \"{Show(manifest.MediaType)}\" is not an image manifest's");
        Require(manifest.Config is not null && manifest.Layers is not null, "manifest: config and layers are needed");
        Require(manifest.Layers!.Count <= MaxLayers, $"manifest: {manifest.Layers.Count} layers, more than {MaxLayers}");
        CheckDescriptor(manifest.Config!, "manifest: config");
        Require(MediaTypes.IsConfig(manifest.Config!.MediaType), $"manifest: config media type \"{Show(manifest.Config.MediaType)}\" is not an image's (artifacts are not runnable)");
        Require(manifest.Config.Size <= ImageJson.MaxConfigBytes, $"manifest: config of {manifest.Config.Size} bytes, more than {ImageJson.MaxConfigBytes}");
        for (int i = 0; i < manifest.Layers.Count; i++)
        {
            Descriptor layer = manifest.Layers[i];
            CheckDescriptor(layer, $"manifest: layer {i}");
            Require(MediaTypes.IsLayer(layer.MediaType), $"manifest: layer {i} media type \"{Show(layer.MediaType)}\" is not supported");
        }
        return manifest;
    }

    public static ImageIndex Checked(this ImageIndex index)
    {
        Require(index.SchemaVersion == 2, $"index: schemaVersion {index.SchemaVersion} is not 2");
        Require(index.Manifests is not null, "index: manifests are needed");
        Require(index.Manifests!.Count <= 1000, $"index: {index.Manifests.Count} manifests, more than 1000");
        for (int i = 0; i < index.Manifests.Count; i++)
        {
            CheckDescriptor(index.Manifests[i], $"index: manifest {i}");
        }
        return index;
    }

    public static ImageConfig Checked(this ImageConfig config)
    {
        Require(config.Rootfs?.DiffIds is not null, "config: rootfs.diff_ids is needed");
        Require(config.Rootfs!.Type == "layers", $"config: rootfs.type \"{Show(config.Rootfs.Type)}\" is not \"layers\"");
        Require(config.Rootfs.DiffIds.Count <= MaxLayers, $"config: {config.Rootfs.DiffIds.Count} layers, more than {MaxLayers}");
        Require(config.Os == "linux", $"config: os \"{Show(config.Os)}\" is not linux");
        Require(!string.IsNullOrEmpty(config.Architecture), "config: architecture is needed");
        Require(NoNulls(config.Config?.Env) && NoNulls(config.Config?.Cmd) && NoNulls(config.Config?.Entrypoint) && NoNulls(config.Config?.Shell)
            && NoNulls(config.Config?.OnBuild) && NoNulls(config.Config?.Healthcheck?.Test) && NoNulls(config.History), "config: a list holds null");
        Require(config.Config?.Labels?.Values.Contains(null!) is not true, "config: a label is null");
        return config;
    }

    private static bool NoNulls<T>(IReadOnlyList<T>? list) where T : class => list is null || !list.Contains(null!);

    private static void CheckDescriptor(Descriptor? descriptor, string what)
    {
        Require(descriptor is not null && !descriptor.Digest.IsEmpty, $"{what}: digest is needed");
        Require(descriptor!.Size >= 0, $"{what}: size {descriptor.Size} is negative");
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw ImageException.BadArchive(otherwise);
        }
    }

    private static string Show(string? text) => ImageException.Printable(text ?? "");
}
