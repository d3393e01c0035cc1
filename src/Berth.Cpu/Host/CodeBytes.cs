using Iced.Intel;

namespace Berth.Cpu.Host;

/// <summary>Collects what Iced encodes.</summary>
internal sealed class CodeBytes : CodeWriter
{
    private readonly List<byte> _bytes = [];

    public ReadOnlySpan<byte> Span => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_bytes);

    public override void WriteByte(byte value) => _bytes.Add(value);

}
