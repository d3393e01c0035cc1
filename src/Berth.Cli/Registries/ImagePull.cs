using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Containers;
using Berth.Cli.Images;
using Berth.Cli.Terminal;

namespace Berth.Cli.Registries;

/// <summary>Has the daemon fetch an image, from its registry or, for busybox and debian, from packages, and shows the progress.</summary>
internal sealed class ImagePull(CommandContext context)
{
    /// <summary>Say nothing while it goes well.</summary>
    public bool Quiet { get; init; }

    /// <summary>The platform wanted; the daemon's own when null.</summary>
    public string? Platform { get; init; }

    /// <summary>Every tag of the repository.</summary>
    public bool AllTags { get; init; }

    /// <summary>Fetches it and returns the daemon's last word.</summary>
    public string Run(string image)
    {
        if (ImageBootstrap.Knows(image))
        {
            new ImageBootstrap(context) { Quiet = Quiet }.Run(image);
            return image;
        }
        var (repository, tag) = ImageNames.Split(image);
        var target = new Query("/images/create").Add("fromImage", repository).Add("tag", AllTags ? null : tag ?? "latest").Add("platform", Platform).ToString();
        using var exchange = context.Api.Send("POST", target, registryAuth: Header(image));
        var texts = new ProgressReport(context) { Quiet = Quiet }.Show(exchange.Body, $"Getting {image}");
        return texts.Count > 0 ? texts[^1] : image;
    }

    /// <summary>The X-Registry-Auth header for an image's registry; null when no credentials are kept.</summary>
    public static string? Header(string image)
    {
        var registry = RegistryName.OfImage(image);
        return CredentialFile.Default(Environment.GetEnvironmentVariable).Get(registry)?.ToHeader(registry);
    }
}
