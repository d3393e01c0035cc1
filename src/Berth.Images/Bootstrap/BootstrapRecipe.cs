using Berth.Images.Spec;

namespace Berth.Images.Bootstrap;

/// <summary>How a base image is made from distribution packages.</summary>
internal abstract class BootstrapRecipe
{
    public abstract ImageReference Reference { get; }

    public abstract ImageDefaults Defaults { get; }

    public abstract string CreatedBy { get; }

    /// <summary>Time of the image; the packages' own, so that the same packages make the same image.</summary>
    public DateTimeOffset? Created { get; protected set; }

    /// <summary>Makes the root file system below the context's staging directory and returns its path.</summary>
    public abstract Task<string> BuildAsync(BootstrapContext context, CancellationToken cancellation);

    public static BootstrapRecipe For(string name) => throw new NotImplementedException(name);
}
