namespace Berth.Machine.Storage;

/// <summary>What answers the file requests of a guest, in the messages of [FUSE]. One caller at a time.</summary>
public interface IFileSystemBackend : IDisposable
{
    /// <summary>Longest request that is understood, in bytes.</summary>
    int LongestRequest { get; }

    /// <summary>Longest reply that is given, in bytes.</summary>
    int LongestReply { get; }

    /// <summary>Serves one request; the bytes of the reply, 0 when it has none. Guests' mistakes are never exceptions.</summary>
    int Serve(ReadOnlySpan<byte> request, Span<byte> reply);

    /// <summary>Forgets what the guest knew and had open.</summary>
    void Reset();
}
