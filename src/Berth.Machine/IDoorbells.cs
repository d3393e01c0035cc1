namespace Berth.Machine;

/// <summary>A device in memory space some of whose addresses only say "look at your work", whatever is written. A backend may call instead of
/// <see cref="IMmioDevice.WriteMmio"/> for them, on any thread and once for several writes.</summary>
public interface IDoorbells
{
    /// <summary>Offsets with what to call.</summary>
    IReadOnlyList<(ulong Offset, Action Ring)> Doorbells { get; }
}
