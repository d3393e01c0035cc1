namespace Berth.Images.Bootstrap;

/// <summary>What a recipe works with.</summary>
/// <param name="Staging">A directory of its own, removed afterwards whatever happens.</param>
/// <param name="Cache">Where downloaded packages may stay.</param>
/// <param name="Progress">Who wants to know.</param>
internal sealed record BootstrapContext(string Staging, string Cache, IProgress<ImageProgress>? Progress)
{
    public void Say(string status) => Progress?.Report(new ImageProgress(null, status));
}
