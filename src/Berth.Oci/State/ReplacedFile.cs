namespace Berth.Oci.State;

/// <summary>Writes files so that a reader sees all of the new content or the old.</summary>
internal static class ReplacedFile
{
    public static void Write(string file, ReadOnlySpan<byte> content)
    {
        string next = $"{file}.{Environment.ProcessId}";
        File.WriteAllBytes(next, content);
        File.Move(next, file, overwrite: true);
    }
}
