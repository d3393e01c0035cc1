namespace Berth.Cpu.Direct.Relocation;

/// <summary>An instruction of relocated code, and where in the guest's code that is.</summary>
/// <param name="Offset">Bytes from the beginning of the relocated code.</param>
/// <param name="Kind">What the guest's state is there.</param>
/// <param name="Detail">Of <see cref="PlaceKind.Faulting"/>: which registers lie in cells. Of <see cref="PlaceKind.Exit"/>: where the distance of the jump
/// is that leads here.</param>
/// <param name="Rip">Address in the guest.</param>
internal readonly record struct CodePlace(int Offset, PlaceKind Kind, int Detail, ulong Rip);
