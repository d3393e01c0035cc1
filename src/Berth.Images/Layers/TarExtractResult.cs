namespace Berth.Images.Layers;

/// <summary>What an extraction made.</summary>
/// <param name="Entries">Entries of the archive.</param>
/// <param name="Bytes">Bytes of file content written; holes of sparse files count.</param>
public readonly record struct TarExtractResult(int Entries, long Bytes);
