namespace Berth.Devices;

/// <summary>Takes bytes that a guest sends: a console log, a terminal, an agent's channel. Must not block for long.</summary>
public interface IByteSink
{
    /// <summary>Takes all of <paramref name="data"/>; the memory is the caller's and reused.</summary>
    void Write(ReadOnlySpan<byte> data);
}
