namespace Berth.Cpu.Translator;

/// <summary>Code that is emitted behind its block: where a rare branch goes.</summary>
/// <param name="Kind">What to do there.</param>
/// <param name="Place">Place of the branch's distance.</param>
/// <param name="Back">Position to go back to.</param>
/// <param name="Value">Depends on the kind.</param>
/// <param name="Rip">Guest address that belongs to it.</param>
internal readonly record struct ColdCode(ColdKind Kind, int Place, int Back, int Value, ulong Rip);
