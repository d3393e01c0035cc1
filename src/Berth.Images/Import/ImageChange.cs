using Berth.Images.Spec;

namespace Berth.Images.Import;

/// <summary>The instructions that import and commit take. [DOCKERFILE] CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, USER, VOLUME, WORKDIR …</summary>
public static class ImageChange
{
    /// <summary>Applies instructions in order; null in, nothing to apply: null out.</summary>
    /// <exception cref="ImageException">An instruction is unknown or malformed; the message quotes it.</exception>
    public static ImageDefaults? Apply(ImageDefaults? defaults, IReadOnlyList<string> changes) => changes.Count == 0 ? defaults : throw new NotImplementedException();
}
