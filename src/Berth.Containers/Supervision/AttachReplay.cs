namespace Berth.Containers.Supervision;

/// <summary>The part of an attach that comes out of the log: framed as the live stream is, up to where that begins.</summary>
internal static class AttachReplay
{
    /// <summary>Null when the request asks for none or there is none.</summary>
    public static IAsyncEnumerator<ReadOnlyMemory<byte>>? Read(AttachRequest request, SupervisorResponse response) => null;
}
