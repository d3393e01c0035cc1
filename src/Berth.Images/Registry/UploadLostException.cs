namespace Berth.Images.Registry;

/// <summary>The registry no longer knows an upload: it begins anew.</summary>
internal sealed class UploadLostException() : Exception("the registry lost the upload");
