namespace Berth.Vmm.Serial;

/// <summary>Someone who watches the serial console.</summary>
internal interface IConsoleClient
{
    /// <summary>Takes output without waiting. On a processor's thread, or while joining.</summary>
    void Show(ReadOnlySpan<byte> data);
}
