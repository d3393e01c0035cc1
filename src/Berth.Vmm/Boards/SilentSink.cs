using Berth.Devices;

namespace Berth.Vmm.Boards;

/// <summary>The other end of a console that nobody reads.</summary>
internal sealed class SilentSink : IByteSink
{
    public void Write(ReadOnlySpan<byte> data)
    {
    }
}
