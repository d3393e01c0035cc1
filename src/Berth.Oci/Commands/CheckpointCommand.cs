namespace Berth.Oci.Commands;

/// <summary><c>checkpoint</c> and <c>restore</c>, which engines may ask for: refused whatever their options, and nothing is changed.</summary>
internal static class CheckpointCommand
{
    public static int Checkpoint(Session session, IReadOnlyList<string> words) => Refuse("checkpoint");

    public static int Restore(Session session, IReadOnlyList<string> words) => Refuse("restore");

    private static int Refuse(string name) =>
        throw new OciException($"{name}: processes cannot be kept on disk by this runtime; the container is as it was. Use pause and resume, or another runtime");
}
