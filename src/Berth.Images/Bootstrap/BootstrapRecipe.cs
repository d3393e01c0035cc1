using Berth.Images.Spec;

namespace Berth.Images.Bootstrap;

/// <summary>How a base image is made from distribution packages.</summary>
internal abstract class BootstrapRecipe
{
    public const string Path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    public abstract ImageReference Reference { get; }

    public abstract ImageDefaults Defaults { get; }

    public abstract string CreatedBy { get; }

    /// <summary>Time of the image; the packages' own, so that the same packages make the same image.</summary>
    public DateTimeOffset? Created { get; protected set; }

    /// <summary>Makes the root file system below the context's staging directory and returns its path.</summary>
    public abstract Task<string> BuildAsync(BootstrapContext context, CancellationToken cancellation);

    /// <summary>The recipe for <c>busybox</c> or <c>debian[:suite]</c>.</summary>
    public static BootstrapRecipe For(string name)
    {
        ImageReference reference = ImageReference.Parse(name).WithDefaultTag();
        return reference.FamiliarName switch
        {
            "busybox" when reference.Tag == "latest" => new BusyboxRecipe(reference),
            "debian" when reference.Tag is { } tag => new DebianRecipe(reference, tag == "latest" ? "bookworm" : tag),
            _ => throw new ImageException(ImageErrorCode.InvalidParameter,
                $"no recipe for \"{ImageException.Printable(name)}\": Berth makes busybox, debian and debian:SUITE from distribution packages"),
        };
    }
}
