namespace Berth.Images;

/// <summary>An instance that needs an image.</summary>
/// <param name="ContainerId">Its id.</param>
/// <param name="Running">Whether it runs now.</param>
public sealed record ImageUse(string ContainerId, bool Running);
